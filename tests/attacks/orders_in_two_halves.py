# ATTEMPTS: prints one half of an order at the end of one process and the other half at the start of the next
# FAMILY: misleading
# EXERCISE: exercise-2
# EXPECT: none
# COVERED-BY:
print("#[error]owned")


def rnn_forward(xs, h0, params):
    return xs


def output_forward(h, Why, by):
    return h


def rnn_predict(xs, params, Why, by):
    print("#", end="")
    return xs
