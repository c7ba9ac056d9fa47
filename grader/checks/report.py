"""The Report value: all outcomes of one exercise for one submission, and its form as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

from grader import __version__
from grader.course import Causes, Feedback, dataclass, derived

SCHEMA = "rnn-grader/reports/1"
Status = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True)
class Mismatch:
    """Where an array is wrong, entry by entry."""

    name: str  # what the student calls the array
    axes: tuple[str, ...]  # what they count, such as ``T``, ``H`` and ``N``; empty where nobody knows
    shape: tuple[int, ...]
    entries: str  # one character an entry, the last axis running fastest: ``x`` is wrong, ``.`` is right


@dataclass(frozen=True)
class Located:
    """Where in the student's file a wrong answer comes from."""

    line: int  # of the file
    place: str  # file and line, as an editor opens them
    source: str  # the line as it stands there
    says: str  # what is right before it, and what is the first that is not
    cause: str = ""  # what is wrong with that, in the course's words; empty if it cannot be stated
    key: str = ""  # the cause without the student's own names: the same for the same mistake in other code
    # what all wrong answers have to do with it, as in "use `da`"; empty if some have another cause
    shared: str = ""

    @property
    def text(self) -> str:
        """The place, the line itself, and what is wrong there."""
        cause = f"\n{self.cause[:1].upper()}{self.cause[1:]}." if self.cause else ""
        return f"{self.place}: {self.source}\n{self.says}{cause}"


@dataclass(frozen=True)
class Outcome:
    """What one check found."""

    check: str  # name of the check's function
    title: str  # first sentence of its docstring, what the student reads
    function: str  # the student's function it is about; empty if about none in particular
    status: Status  # ``error`` means that the check or the reference broke, never the student's code
    credits: int  # what it is worth
    message: str = ""  # for the student; empty when passed
    hidden: bool = False  # whether the check is the instructor's alone
    output: str = ""  # what the student's code printed while it ran, at most 64 KiB
    seconds: float = 0.0  # wall-clock time it took
    diagnosis: str = ""  # what the student's mistake looks like, if that can be said
    recognised: bool = False  # whether the diagnosis is the author's sentence for a known mistake
    gist: str = ""  # the message without anything that came out of a call; empty if nothing is left of it
    located: Located | None = None  # the line that the wrong answer comes from, if it was found
    wrong: Mismatch | None = None  # where the first wrong array is wrong, if it has the right shape
    # credits: all or nothing
    earned: int = derived(lambda outcome: outcome.credits if outcome.status == "passed" else 0)

    def for_student(self, feedback: Feedback) -> Outcome:
        """Return a hidden check's outcome as a student may see it; see :meth:`Report.for_student`."""
        if feedback == "full":
            return dataclasses.replace(self, output="")
        gist = self.gist if feedback == "diagnosis" else ""
        shown = dataclasses.replace(
            self,
            message=gist or ("The course withholds what this check saw." if self.message else ""),
            gist=gist,
            diagnosis=self.diagnosis if feedback == "diagnosis" and self.recognised else "",
            output="",
            seconds=0.0,
            located=None,
            wrong=None,
        )
        if feedback == "none":
            shown = dataclasses.replace(shown, check="hidden", title="A hidden check")
        return shown


@dataclass(frozen=True)
class Report:
    """All outcomes of one exercise for one submission."""

    exercise: str  # its id
    title: str
    outcomes: tuple[Outcome, ...]  # in the order in which the checks stand in their files, visible ones first
    notes: tuple[str, ...] = ()  # sentences about the submission as a whole
    seed: int = 0  # of the run's random inputs; the same seed gives the same inputs
    source_sha256: str = ""  # of the graded file; empty if there was none to read
    confinement: tuple[str, ...] = ()  # layers that the student's code ran under; none if none of it ran
    seconds: float = 0.0  # wall-clock time of the whole run
    python: str = ""  # version that graded; empty, as the next is, if no check ran
    numpy: str = ""
    round: int = 0  # of the class, 1 or more; 0 if it was not graded as one of a class
    resubmitted: bool = False  # whether it was handed in again in this round, and so has a seed of its own
    # what all checks together are worth, and what they earned
    credits: int = derived(lambda report: sum(outcome.credits for outcome in report.outcomes))
    earned: int = derived(lambda report: sum(outcome.earned for outcome in report.outcomes))
    # whether there were checks and all of them passed
    passed: bool = derived(lambda report: {outcome.status for outcome in report.outcomes} == {"passed"})

    @property
    def first_error(self) -> Outcome | None:
        """The first check that broke, or whose reference did; None if none did."""
        return next((outcome for outcome in self.outcomes if outcome.status == "error"), None)

    def for_student(self, feedback: Feedback) -> Report:
        """Withhold what a student may not see of hidden checks: every form a student gets comes from here.

        What code prints, raises, returns or takes time for in a hidden check may tell the check's inputs, and
        its message the right answer; whoever may hand in again could answer from a table of those.

        Args:
            feedback: ``full`` keeps messages, with their values; ``diagnosis`` keeps what is wrong in a
                sentence without values, and what the author says to a known mistake; ``names`` keeps titles
                and outcomes, ``none`` outcomes only. What was printed is never kept.
        """
        outcomes = tuple(each.for_student(feedback) if each.hidden else each for each in self.outcomes)
        withheld = feedback != "full" and any(outcome.hidden for outcome in outcomes)
        seconds = sum(outcome.seconds for outcome in outcomes) if withheld else self.seconds
        return dataclasses.replace(self, outcomes=outcomes, seconds=seconds)

    def with_causes(self, causes: Causes) -> Report:
        """Return the report as a course shows it at once: perhaps lines without what is wrong there."""
        outcomes = list(self.outcomes)
        for number, outcome in enumerate(outcomes):
            place = outcome.located
            if causes != "at once" and place and place.cause:
                says = f"{place.says} `grader hint` says more." if causes == "hint" else place.says
                place = dataclasses.replace(place, says=says, cause="", key="")
                outcomes[number] = dataclasses.replace(outcome, located=place)
        return dataclasses.replace(self, outcomes=tuple(outcomes))


# --- JSON: schema.json describes its form, docs/report.md explains it ---------------------------------


def reports_to_json(reports: list[Report]) -> str:
    """Return one JSON document for any number of reports.

    Every field of ``Report`` and ``Outcome`` appears under its own name.
    """
    document = {
        "schema": SCHEMA,
        "grader_version": __version__,
        "credits": sum(report.credits for report in reports),
        "earned": sum(report.earned for report in reports),
        "reports": list(map(dataclasses.asdict, reports)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def reports_from_json(text: str) -> list[Report]:
    """Return the reports that ``reports_to_json`` wrote; ValueError if it is another document."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"is not of the form {SCHEMA}")
        reports = []
        for fields in document["reports"]:
            outcomes = []
            for values in fields["outcomes"]:
                for name, kind in (("located", Located), ("wrong", Mismatch)):
                    values[name] = _restored(kind, values[name]) if values.get(name) else None
                outcomes.append(_restored(Outcome, values))
            reports.append(_restored(Report, fields | {"outcomes": outcomes}))
        return reports
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"is no report: {error}") from None


def _restored(kind: Any, fields: dict[str, Any]) -> Any:
    """Make a value of its own fields, leaving out what is derived; JSON's lists were tuples."""
    names = {field.name for field in dataclasses.fields(kind) if field.init}
    own = {name: value for name, value in fields.items() if name in names}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in own.items()})
