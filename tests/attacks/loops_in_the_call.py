# ATTEMPTS: never stops in any function, and catches what might stop it
# FAMILY: exhaustion
# EXERCISE: exercise-2
# EXPECT: none
# SAYS: ran for
# LIMIT: call
# COVERED-BY:
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def rnn_forward(xs, h0, params):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def output_forward(h, Why, by):
    return rnn_forward(None, None, None)


def rnn_predict(xs, params, Why, by):
    return output_forward(None, None, None)
