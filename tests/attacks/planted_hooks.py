# ATTEMPTS: a repository with hooks and programs in its settings
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)


# PLANT: .git/config
#| [core]
#| 	fsmonitor = touch @STAGE@/reached
#| 	pager = touch @STAGE@/reached
# PLANT: .git/hooks/post-checkout
#| #!/bin/sh
#| touch @STAGE@/reached
# PLANT: .envrc
#| touch @STAGE@/reached
