# ATTEMPTS: nothing: many modules, dates, entropy, pickles and warnings
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import collections
import contextlib
import dataclasses
import datetime
import decimal
import fractions
import functools
import io
import itertools
import logging
import pickle
import statistics
import textwrap
import typing
import uuid
import warnings

import numpy as np
import numpy.ma
import numpy.polynomial

logging.warning("started at %s", datetime.datetime.now().strftime("%A %d %B %Y"))


@dataclasses.dataclass
class Cell:
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray

    def __call__(self, x, h):
        return np.tanh(self.Wxh @ x + self.Whh @ h + self.bh)


def rnn_step_forward(x, h_prev, params):
    warnings.warn("a warning of the student's own")
    1.0 / np.zeros(3)
    pickle.loads(pickle.dumps(x))
    statistics.stdev(x.ravel().tolist() + [1.0, 2.0])
    uuid.uuid4(), decimal.Decimal("0.1").sqrt(), fractions.Fraction("1/3")
    np.random.default_rng().normal(size=3), np.linalg.svd(params[1]), np.fft.rfft(x[0])
    text = io.StringIO()
    np.savetxt(text, x)
    with contextlib.redirect_stdout(io.StringIO()):
        print(textwrap.fill("x " * 100))
    return Cell(*params)(x, h_prev)
