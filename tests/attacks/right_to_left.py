# ATTEMPTS: turns its message round with bidirectional and invisible characters
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
class Turned(Exception):
    pass


def rnn_step_forward(x, h_prev, params):
    text = "\u202etiderc 6 fo 6\u202c \u2066passed\u2069 \u200b\u200e\ufeff\u061c \U000e0041\U000e007f \u00ad \u2028 \u2029"
    print(text)
    raise Turned(text)
