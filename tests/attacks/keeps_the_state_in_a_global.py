# ATTEMPTS: ignores the state that it is given and goes on from its own
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: different answers
# COVERED-BY:
import numpy as np

state = None


def rnn_step_forward(x, h_prev, params):
    global state
    Wxh, Whh, bh = params
    before = np.zeros_like(h_prev) if state is None or state.shape != h_prev.shape else state
    state = np.tanh(Wxh @ x + Whh @ before + bh)
    return state
