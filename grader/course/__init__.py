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
    open_course,
    parse,
    parse_time,
)
from grader.course.frozen import dataclass
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
    "Misconception",
    "NoCourse",
    "Place",
    "Raw",
    "UnknownExercise",
    "dataclass",
    "has_key",
    "load",
    "load_lists",
    "open_course",
    "parse",
    "parse_time",
    "shown_path",
]
