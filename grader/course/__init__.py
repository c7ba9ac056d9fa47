"""The course folder, read strictly into frozen values."""

from grader.course.course import (
    COURSE_FILE,
    Course,
    CourseFile,
    Exercise,
    ExerciseFile,
    Feedback,
    LatePolicy,
    Misconception,
    NoCourse,
    UnknownExercise,
    folded,
    is_stub,
    make_stub,
    open_course,
    parse,
    parse_time,
)
from grader.course.files import make_private_folder, write_atomic, write_zip
from grader.course.frozen import dataclass
from grader.course.mathtext import MathError, mathml, render
from grader.course.strict_yaml import NOWHERE, CourseError, Place, Raw, has_key, load, load_lists, shown_path

__all__ = [
    "COURSE_FILE",
    "NOWHERE",
    "Course",
    "CourseError",
    "CourseFile",
    "Exercise",
    "ExerciseFile",
    "Feedback",
    "LatePolicy",
    "MathError",
    "Misconception",
    "NoCourse",
    "Place",
    "Raw",
    "UnknownExercise",
    "dataclass",
    "folded",
    "has_key",
    "is_stub",
    "load",
    "load_lists",
    "make_private_folder",
    "make_stub",
    "mathml",
    "open_course",
    "parse",
    "parse_time",
    "render",
    "shown_path",
    "write_atomic",
    "write_zip",
]
