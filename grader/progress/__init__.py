"""One learner's record: events, credits, answers, hand-in."""
