# ATTEMPTS: starts programs that leave a file behind, in six ways
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock seccomp
import ctypes
import os
import subprocess

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

SHELL = "echo reached > @STAGE@/reached"


def run(status):
    return status if status == 0 else 1 / 0


tell("run", lambda: run(subprocess.run(["/bin/sh", "-c", SHELL], timeout=2).returncode))
tell("system", lambda: run(os.system(SHELL)))
tell("spawn", lambda: run(os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", SHELL], {}), 0)[1]))
tell("library", lambda: run(ctypes.CDLL(None).system(SHELL.encode())))
tell("popen", lambda: run(os.popen(SHELL).close() or 0))
tell("exec", lambda: os.execv("/bin/sh", ["sh", "-c", SHELL]))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
