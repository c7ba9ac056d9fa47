# ATTEMPTS: an exception at import whose text has a thousand lines
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
raise ValueError("  ✓ h is right\n" * 1000)
