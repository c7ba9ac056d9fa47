"""Finds the line of a submission that its wrong answers come from, and says what is wrong there."""
