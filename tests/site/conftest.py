"""Fixtures of the site's tests: a hand-out of the tiny course, its website, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.handout import build_handout
from grader.course import CannotDo, Course, open_course
from grader.site.build import build_site
from tests.site.helpers import WAIT, Served, serving
from tests.site.pyodide import runtime_folder


@pytest.fixture(scope="session")
def handed_out(tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The hand-out of the tiny course; not to be written to."""
    folder = tmp_path_factory.mktemp("handed-out") / "out"
    build_handout(tiny, folder, b"a secret of the tests' own")
    return open_course(folder)


@pytest.fixture
def home(handed_out: Course, tmp_path: Path) -> Course:
    """A copy of it that a test may change."""
    shutil.copytree(handed_out.root, tmp_path / "home", ignore=shutil.ignore_patterns("grader"))
    return open_course(tmp_path / "home")


@pytest.fixture(scope="session")
def written(handed_out: Course, tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The website of the tiny course; not to be written to."""
    folder = tmp_path_factory.mktemp("site") / "below" / "a path"
    build_site(handed_out, folder, tiny)
    return folder


# --- a browser ----------------------------------------------------------------------------------------

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run --window-size=1100,1000"
).split()


@pytest.fixture(scope="session")
def runtime() -> Path:
    """A folder with Pyodide and its NumPy."""
    try:
        return runtime_folder()
    except CannotDo as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def with_python(handed_out: Course, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The website of the tiny course with all that a browser needs, below a path; not to be written to."""
    folder = tmp_path_factory.mktemp("served")
    build_site(handed_out, folder / "a" / "path", runtime=str(runtime))
    return folder


@pytest.fixture
def whole_site(with_python: Path) -> Iterator[Served]:
    """The same, served from a port of its own: to a browser, a host where it has never been."""
    with serving(with_python) as port:
        yield Served(with_python / "a" / "path", f"http://127.0.0.1:{port}/a/path/")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for many tests, since it takes longer to start than most of them; see ``browser``."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("Chromium is not installed (.ci/run installs it)")
    driver = start_chromium(tmp_path_factory.mktemp("chromium") / "profile")
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """A browser with one new tab, which knows nothing of the hosts of earlier tests."""
    chromium.execute_cdp_cmd("Network.clearBrowserCache", {})
    chromium.set_script_timeout(WAIT)
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    yield chromium
    _forget_tabs(chromium)


def _forget_tabs(driver: Any) -> None:
    """Close all tabs but a new one, with what was set for them, and delete what the pages in them keep."""
    old = driver.window_handles
    driver.switch_to.new_window("tab")
    new = driver.current_window_handle
    for handle in old:
        driver.switch_to.window(handle)
        origin = driver.execute_script("return location.origin")
        if origin.startswith("http"):  # a port may come again
            order = {"origin": origin, "storageTypes": "all"}
            driver.execute_cdp_cmd("Storage.clearDataForOrigin", order)
        driver.close()
    driver.switch_to.window(new)


def start_chromium(profile: Path, *flags: str, settings: Mapping[str, object] | None = None) -> Any:
    """Start Chromium.

    Args:
        profile: where it keeps what it remembers.
        flags: besides those that a machine without a screen wants.
        settings: what somebody could have chosen in it, by name.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("prefs", dict(settings or {}))
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_script_timeout(WAIT)
    connection: Any = driver.command_executor
    connection.client_config.timeout = 4 * WAIT  # for longer scripts
    return driver
