"""The types of questions: one class a type, with all that is particular to it."""
