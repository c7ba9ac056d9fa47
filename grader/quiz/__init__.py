"""Questions: read, draw, ask, mark, credits; one class a question type."""

from grader.quiz.code import CodeRunner
from grader.quiz.credits import REVIEW, CountedAnswer, QuizContext, balance, open_context, update
from grader.quiz.files import Quiz, all_quizzes, find_quiz, load_quiz, quiz_paths
from grader.quiz.formula import FormulaError
from grader.quiz.questions.base import Question, Runner, Unreadable, Variant, fill, make_variant, parse
