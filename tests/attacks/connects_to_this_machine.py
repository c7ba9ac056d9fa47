# ATTEMPTS: opens a TCP connection to a server on this machine
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


def connect(family, address):
    with socket.socket(family) as one:
        one.settimeout(0.3)
        one.connect(address)
        return one.recv(10)


tell("IPv4", lambda: connect(socket.AF_INET, ("127.0.0.1", @PORT@)))
tell("IPv6", lambda: connect(socket.AF_INET6, ("::1", @PORT@)))
tell("name", lambda: socket.create_connection(("localhost", @PORT@), timeout=0.3))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
