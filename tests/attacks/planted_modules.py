# ATTEMPTS: modules beside the submission with the names of those that a grader imports
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)


# PLANT: exercise-1/numpy.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/numpy/__init__.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/json.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/click.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/yaml.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/grader/__init__.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/random.py
#| open("@STAGE@/reached", "w").close()
