"""Panels as pictures: the same bytes for the same panels, whatever numbers and labels they hold."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import sys

import pytest

from grader.plot import Curve, Panel
from grader.reports.picture import draw_picture

pytest.importorskip("matplotlib", reason="pictures need matplotlib, the extra `plot`")

LONG = os.environ.get("GRADER_LONG") == "1"
HUGE = sys.float_info.max
PANEL = Panel("Title", "t", "y", (Curve("y", (1.0, 2.0, 1e-9), "student"), Curve("y", (1.0, 2.0, 3.0))))


def svg(*panels: Panel, title: str = "") -> str:
    return draw_picture(panels, title, ".svg").decode()


@functools.cache
def plain() -> str:
    return svg(PANEL)


def test_a_picture_is_what_its_suffix_says() -> None:
    assert "<svg" in plain()
    assert draw_picture([PANEL], "Title", ".png").startswith(b"\x89PNG")


def test_the_same_panels_give_the_same_bytes() -> None:
    assert svg(PANEL) == plain()


@pytest.mark.parametrize(
    "changed",
    [{"log": True}, {"floor": 0.5}, {"first": 1}, {"marks": (1,), "mark_label": "here"}, {"title": "Other"}],
    ids=lambda changed: next(iter(changed)),
)
def test_what_a_panel_says_is_drawn(changed: dict[str, object]) -> None:
    assert svg(dataclasses.replace(PANEL, **changed)) != plain()  # type: ignore[arg-type]


def test_curves_of_one_label_share_a_colour() -> None:
    student, reference = PANEL.curves
    other = dataclasses.replace(reference, label="z")
    assert "#1d5fa8" in plain()
    assert "#c2410c" not in plain()
    assert "#c2410c" in svg(dataclasses.replace(PANEL, curves=(student, other)))


@pytest.mark.parametrize(
    "values",
    [
        (math.nan, 1.0),
        (math.inf, -math.inf, 2.0),
        (HUGE, -HUGE),
        (HUGE, 5e-324),
        (0.0, 0.0),
        (-1.0, -2.0),
        (3.0,),
        (math.nan,),
    ],
)
def test_no_number_breaks_a_picture(values: tuple[float, ...]) -> None:
    alone = Panel("Title", "t", "y", (Curve("y", values, "student"),))
    beside = dataclasses.replace(alone, curves=(*alone.curves, Curve("y", (1.0, 2.0))))
    logarithmic = [dataclasses.replace(panel, log=True) for panel in (alone, beside)]
    assert "<svg" in svg(beside, *([alone, *logarithmic] if LONG else logarithmic[:1]))


def test_labels_are_neither_formulas_nor_orders() -> None:
    evil = "\x1b[2J\x07 $\\frac{ \u202e ::error::\n  ::warning::no"
    panel = Panel(evil, evil, evil, (Curve(evil, (1.0, 2.0)),), marks=(1,), mark_label=evil)
    picture = svg(panel, title=evil)
    assert "\x1b" not in picture
    assert "\u202e" not in picture
