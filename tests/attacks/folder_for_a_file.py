# ATTEMPTS: hands in a folder with the name of the file
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: plain file
# HANDED-IN-AS: folder
# COVERED-BY:
# nothing of this text is handed in
