# ATTEMPTS: makes, moves, links and removes files beside the submissions
# FAMILY: escape
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

HERE = "@STAGE@/submissions"
tell("make", lambda: os.mkdir(f"{HERE}/eve"))
tell("link", lambda: os.symlink("/etc/hostname", f"{HERE}/eve.py"))
tell("second name", lambda: os.link(f"{HERE}/bob/notes.txt", f"{HERE}/notes.txt"))
tell("move", lambda: os.rename(f"{HERE}/bob", f"{HERE}/robert"))
tell("remove", lambda: os.remove(f"{HERE}/bob/notes.txt"))
tell("empty", lambda: os.truncate(f"{HERE}/bob/notes.txt", 0))
tell("pipe", lambda: os.mkfifo(f"{HERE}/pipe"))
tell("node", lambda: os.mknod(f"{HERE}/node"))
tell("write", lambda: open(f"{HERE}/bob/exercise-1/rnn_step.py", "a").write("raise SystemExit\n"))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
