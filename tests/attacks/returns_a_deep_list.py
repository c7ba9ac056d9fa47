# ATTEMPTS: returns lists that are endless, deep and long
# FAMILY: exhaustion
# EXERCISE: exercise-2
# EXPECT: none
# SAYS: nested more than
# COVERED-BY:
def rnn_forward(xs, h0, params):
    inside = []
    inside.append(inside)
    return inside


def output_forward(h, Why, by):
    return [[[0.0] * 50] * 50] * 50


deep = ()
for _ in range(100_000):
    deep = (deep,)


def rnn_predict(xs, params, Why, by):
    return deep, deep
