"""The same in Firefox: the tests of quizzes and exercises, run once more, in `.ci/long site` alone.

A machine may or may not have Firefox, and `.ci/run` is the same on all of them.

Left out is the exercise by keyboard, which Chromium walks: as Firefox is driven here, Tab leads from the end
of a page to its own buttons, and Enter presses nothing on the page after that. A quiz by keyboard is in both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.firefox import PROGRAM, Firefox
from tests.site.helpers import Served
from tests.site.test_attacks import (  # noqa: F401
    test_a_forged_answer_does_no_harm,
    test_a_forged_history_is_not_stored,
    test_a_worker_in_the_frame_reaches_nothing,
    test_an_interpreter_that_stops_is_told_with_its_reason_and_replaced,
    watched,
)
from tests.site.test_exercise import (  # noqa: F401
    test_one_check_leaves_nothing_to_the_next,
    test_verdicts_are_those_of_a_laptop_and_student_code_reaches_nothing,
)
from tests.site.test_quiz import (  # noqa: F401
    desk,
    test_a_file_that_was_altered_or_is_missing_is_told,
    test_all_types_are_marked_as_in_a_terminal,
    test_code_without_end_ends_and_passes_nothing,
    test_full_storage_accepts_nothing_and_says_so,
    test_one_whole_quiz_by_keyboard,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("GRADER_LONG"), reason="not on every machine; in .ci/long"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A Firefox that has never been anywhere."""
    if not PROGRAM:
        pytest.skip("Firefox is not installed (.ci/long installs Debian's firefox-esr)")
    firefox = Firefox(tmp_path / "profile")
    yield firefox
    firefox.quit()


def test_every_page_opens_without_a_complaint(browser: Any, whole_site: Served) -> None:
    for path in sorted(whole_site.folder.glob("*.html")):
        browser.get(whole_site.url + path.name)
        assert browser.find_element("css selector", "h1").text
        assert browser.get_log("browser") == []
