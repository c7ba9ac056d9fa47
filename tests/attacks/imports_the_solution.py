# ATTEMPTS: puts the folder of the solutions on the import path and imports the reference
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: landlock seccomp
import importlib
import importlib.machinery
import importlib.util
import sys

FOLDER = "@STAGE@/solutions/exercise-1"


def find():
    sys.path.insert(0, FOLDER)
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    mine = sys.modules.pop("rnn_step", None)
    try:
        return importlib.import_module("rnn_step")
    except ImportError:
        pass
    finally:
        sys.modules["rnn_step"] = mine
    spec = importlib.util.spec_from_file_location("other", f"{FOLDER}/rnn_step.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rnn_step_forward(x, h_prev, params):
    module = find()
    print("REACHED", module)
    return module.rnn_step_forward(x, h_prev, params)
