# ATTEMPTS: hands in a symbolic link to the folder of the reference
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: symbolic link
# HANDED-IN-AS: linked folder
# COVERED-BY:
# nothing of this text is handed in
