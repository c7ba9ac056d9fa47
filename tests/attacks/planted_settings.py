# ATTEMPTS: settings of pytest in four forms, which deselect every check and load a plugin
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)


# PLANT: exercise-1/pytest.ini
#| [pytest]
#| addopts = -p planted --collect-only
# PLANT: exercise-1/tox.ini
#| [pytest]
#| addopts = -k nothing
# PLANT: exercise-1/setup.cfg
#| [tool:pytest]
#| addopts = -p planted
# PLANT: pyproject.toml
#| [tool.pytest.ini_options]
#| addopts = "-p planted"
# PLANT: exercise-1/planted.py
#| open("@STAGE@/reached", "w").close()
