# ATTEMPTS: clears the screen and paints a verdict, in an exception and in what it prints
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: Painted
# COVERED-BY:
import sys


class Painted(Exception):
    pass


def rnn_step_forward(x, h_prev, params):
    order = "\x1b[2J\x1b[H\x1b[32m✓ 6/6\x1b[0m\x07\x9b31m\x1b]0;title\x07\x1b]8;;http://127.0.0.1\x1b\\link\x1b]8;;\x1b\\"
    print(order)
    print(order, file=sys.stderr)
    raise Painted(order)
