"""The course folder, read strictly into frozen values."""

from grader.course.course import (
    COURSE_FILE,
    MAX_EXTENSION,
    VARIABLE,
    YEARS,
    Assignment,
    Causes,
    Course,
    CourseFile,
    Exercise,
    ExerciseFile,
    Feedback,
    LatePolicy,
    Misconception,
    NoCourse,
    NoSecret,
    folded,
    given_functions,
    is_stub,
    make_private_folder,
    make_stub,
    open_course,
    parse,
    parse_time,
    read_secret,
    write_atomic,
    written,
    zipped,
)
from grader.course.frozen import dataclass, derived
from grader.course.mathtext import MathError, mathml, render
from grader.course.people import FIELDS, People, parse_sheet, people_of, read_sheet
from grader.course.strict_yaml import NOWHERE, CannotDo, CourseError, Place, Raw, load, read_text, shown_path
