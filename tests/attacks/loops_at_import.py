# ATTEMPTS: never stops while it is loaded
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: was still running
# LIMIT: load
# COVERED-BY:
while True:
    pass
