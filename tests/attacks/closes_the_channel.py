# ATTEMPTS: closes, shuts down and replaces the descriptors that it was given
# FAMILY: protocol
# EXERCISE: exercise-2
# EXPECT: none
# SAYS: closed its connection
# COVERED-BY:
import os
import socket


def rnn_forward(xs, h0, params):
    os.closerange(0, 256)


def output_forward(h, Why, by):
    socket.socket(fileno=3).shutdown(socket.SHUT_RDWR)
    os.close(3)


def rnn_predict(xs, params, Why, by):
    os.dup2(1, 3)
    os.close(3)
    return xs, xs
