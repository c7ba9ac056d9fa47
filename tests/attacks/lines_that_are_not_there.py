# ATTEMPTS: code objects that claim another name and other lines, so that a traceback quotes what nobody wrote
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
def innocent(x):
    return x.no_such_thing


SPOOFED = innocent.__code__.replace(co_name="\x1b[31m::error::\n" * 20, co_firstlineno=10**6)
innocent.__code__ = SPOOFED


def rnn_step_forward(x, h_prev, params):
    import linecache

    name = innocent.__code__.co_filename
    linecache.cache[name] = (1, None, ["::error::\x1b[2J\u202e\n"] * 100, name)
    return innocent(x)
