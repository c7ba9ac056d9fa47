# ATTEMPTS: hands in a symbolic link to the reference
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: symbolic link
# HANDED-IN-AS: link
# COVERED-BY:
# nothing of this text is handed in
