# ATTEMPTS: hands in a pipe that nobody writes to
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: plain file
# HANDED-IN-AS: pipe
# COVERED-BY:
# nothing of this text is handed in
