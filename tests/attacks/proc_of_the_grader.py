# ATTEMPTS: reads the grader's environment, memory, files and arguments in /proc
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock seccomp
import os

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def read(path, at=None):
    with open(path, "rb") as file:
        if at is not None:
            file.seek(at)
        return file.read(64)


for process in ("@GRADER@", str(os.getppid()), "self"):
    for name in ("environ", "maps", "cmdline", "status", "stack", "syscall", "auxv", "mountinfo"):
        tell(f"{process}/{name}", lambda: read(f"/proc/{process}/{name}"))
    tell(f"{process}/mem", lambda: read(f"/proc/{process}/mem", id(np)))
    tell(f"{process}/fd", lambda: os.listdir(f"/proc/{process}/fd"))
    tell(f"{process}/cwd", lambda: os.listdir(f"/proc/{process}/cwd"))
    tell(f"{process}/root", lambda: os.listdir(f"/proc/{process}/root@STAGE@"))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
