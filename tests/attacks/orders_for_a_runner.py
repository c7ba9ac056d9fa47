# ATTEMPTS: prints and raises what CI runners take for orders
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import sys

ORDERS = """first line
::error file=grader.py::broken
  ::set-output name=credits::6
\t::add-mask::0
::stop-commands::now
##[error]broken ##[group]six ###[command]x ##vso[task.complete result=Succeeded;]x
"""


def rnn_step_forward(x, h_prev, params):
    print(ORDERS)
    print(ORDERS, file=sys.stderr)
    raise ValueError(ORDERS)
