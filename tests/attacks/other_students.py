# ATTEMPTS: walks through the folders of the other students and hands in what it finds
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: landlock seccomp
import glob
import os

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def walk():
    found = []
    for folder, _, files in os.walk("@STAGE@/submissions", onerror=print):
        found += [open(os.path.join(folder, name)).read() for name in files]
    return found or 1 / 0


def rnn_step_forward(x, h_prev, params):
    tell("walk", walk)
    tell("list", lambda: os.listdir("@STAGE@/submissions"))
    tell("scan", lambda: [one.name for one in os.scandir("@STAGE@")])
    tell("glob", lambda: glob.glob("@STAGE@/submissions/*/*")[0])
    source = open("@STAGE@/submissions/bob/exercise-1/rnn_step.py").read()
    space = {}
    exec(source, space)
    return space["rnn_step_forward"](x, h_prev, params)
