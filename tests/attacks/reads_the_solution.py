# ATTEMPTS: reads the reference by its path in twelve ways and answers with it
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: landlock seccomp
import fileinput
import io
import linecache
import mmap
import os
import pathlib
import pkgutil
import runpy
import shutil
import tokenize

PATH = "@STAGE@/solutions/exercise-1/rnn_step.py"
WAYS = [
    lambda: open(PATH).read(),
    lambda: io.open_code(PATH).read(),
    lambda: io.FileIO(PATH).read(),
    lambda: os.read(os.open(PATH, os.O_RDONLY), 9999),
    lambda: pathlib.Path(PATH).read_text(),
    lambda: tokenize.open(PATH).read(),
    lambda: linecache.getlines(PATH)[0],
    lambda: "".join(fileinput.input([PATH])),
    lambda: runpy.run_path(PATH)["CANARY"],
    lambda: shutil.copyfile(PATH, os.devnull),
    lambda: mmap.mmap(os.open(PATH, os.O_RDONLY), 0, prot=mmap.PROT_READ)[:],
    lambda: pkgutil.resolve_name("rnn_step_reference"),
    lambda: os.read(os.open("rnn_step.py", os.O_RDONLY, dir_fd=os.open(os.path.dirname(PATH), os.O_PATH)), 9999),
]


def rnn_step_forward(x, h_prev, params):
    for number, way in enumerate(WAYS):
        try:
            found = way()
        except BaseException:
            continue
        print("REACHED", number, found)
        space = {}
        exec(found, space)
        return space["rnn_step_forward"](x, h_prev, params)
    raise ValueError("nothing found")
