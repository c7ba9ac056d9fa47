# ATTEMPTS: sends a datagram to this machine, as a name server would be asked
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: namespaces seccomp
import socket

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return one.sendto(b"hidden inputs", ("127.0.0.1", @PORT@))


tell("datagram", send)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
