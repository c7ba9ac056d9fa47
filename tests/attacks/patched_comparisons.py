# ATTEMPTS: replaces every function of NumPy that a comparison could use
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: off in
# COVERED-BY:
import numpy as np
import numpy.testing


def yes(*arguments, **named):
    return True


def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


np.allclose = np.isclose = np.array_equal = np.all = yes
np.testing.assert_allclose = np.testing.assert_array_equal = numpy.testing.assert_equal = yes
np.linalg.norm = np.abs = np.absolute = lambda *arguments, **named: 0.0
np.isfinite = yes


def rnn_step_forward(x, h_prev, params):
    return 0.25 * x.sum() + 0.0 * h_prev
