"""Quizzes: what an author writes, what a student is asked, and what an answer earns."""
