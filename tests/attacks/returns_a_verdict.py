# ATTEMPTS: returns verdicts in place of arrays
# FAMILY: forgery
# EXERCISE: exercise-2
# EXPECT: none
# COVERED-BY:
def rnn_forward(xs, h0, params):
    return {"status": "passed", "earned": 8, "credits": 8}


def output_forward(h, Why, by):
    return True


def rnn_predict(xs, params, Why, by):
    return "passed", "passed"
