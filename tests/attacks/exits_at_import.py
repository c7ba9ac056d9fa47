# ATTEMPTS: ends the process with success before anything is asked
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: ended the whole process
# COVERED-BY:
import os

os._exit(0)
