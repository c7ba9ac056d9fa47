# ATTEMPTS: never stops while it is loaded
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: was still running
# COVERED-BY:
while True:
    pass
