# ATTEMPTS: its own checks, its own reference and its own course files, all easier than the real ones
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)


# PLANT: exercise-1/check_rnn_step.py
#| def check_rnn_step_forward_values():
#|     open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/check_rnn_step_hidden.py
#| def check_rnn_step_forward_saturation():
#|     pass
# PLANT: exercise-1/exercise.yaml
#| credits: 0
# PLANT: course.yaml
#| title: Mine
# PLANT: solutions/exercise-1/rnn_step.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/reference_rnn_step.py
#| open("@STAGE@/reached", "w").close()
