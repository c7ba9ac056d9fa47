# ATTEMPTS: a conftest.py beside the submission that turns every failure into a pass
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)


# PLANT: exercise-1/conftest.py
#| import pathlib, pytest
#| pathlib.Path("@STAGE@/reached").touch()
#| @pytest.hookimpl(hookwrapper=True)
#| def pytest_runtest_makereport(item, call):
#|     outcome = yield
#|     outcome.get_result().outcome = "passed"
# PLANT: conftest.py
#| open("@STAGE@/reached", "w").close()
