# ATTEMPTS: raises exceptions whose text never ends or takes for ever
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
class Endless(Exception):
    def __str__(self):
        return "text " * 10**6


def rnn_step_forward(x, h_prev, params):
    error = None
    for _ in range(20_000):
        fresh = Endless("x" * 100)
        fresh.__cause__ = error
        error = fresh
    raise error
