# ATTEMPTS: nothing: tabs, semicolons and no line end at the last line
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
	Wxh, Whh, bh = params; total = Wxh @ x
	if True:
		total = total + Whh @ h_prev
	return np.tanh(total + bh)
