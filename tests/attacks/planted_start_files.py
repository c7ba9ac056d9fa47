# ATTEMPTS: files that Python runs when it starts, with an honest answer
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import numpy as np

def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)


# PLANT: exercise-1/sitecustomize.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/usercustomize.py
#| open("@STAGE@/reached", "w").close()
# PLANT: exercise-1/planted.pth
#| import pathlib; pathlib.Path("@STAGE@/reached").touch()
# PLANT: exercise-1/pyvenv.cfg
#| home = @STAGE@
# PLANT: exercise-1/__main__.py
#| open("@STAGE@/reached", "w").close()
