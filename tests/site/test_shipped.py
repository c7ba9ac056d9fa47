"""Where a browser gets Python from: the network of files, npm, a folder; right, altered and absent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from grader.course import CannotDo, Course
from grader.site import shipped as pyodide
from grader.site.build import build_site
from grader.site.shipped import CORE, HOSTED, VERSION, WHEELS, hosted_files, runtime_manifest
from tests.site.helpers import LONG, serving, wait_for
from tests.site.test_exercise import RIGHT, SECONDS, checked, module

PATH = urlsplit(pyodide.CDN).path
WASM, NUMPY = "pyodide.asm.wasm", next(name for name in WHEELS if name.startswith("numpy"))
ALTERED = "is not the file that this site was made with, so it is not run"


class Network:
    """Stands in for Pyodide's network, under another address."""

    def __init__(self, folder: Path, files: Path) -> None:
        self.folder = folder / PATH.strip("/")
        shutil.copytree(files, self.folder)
        self.heard: list[str] = []
        self.host = ""

    def alter(self, name: str) -> None:
        """Change one byte of a file."""
        data = bytearray((self.folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (self.folder / name).write_bytes(data)


@pytest.fixture
def network(tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """A host that has what Pyodide's has, and to which sites are built that want that one."""
    standing_in = Network(tmp_path / "network", runtime)
    with serving(tmp_path / "network", standing_in.heard, public=True) as port:
        standing_in.host = f"127.0.0.1:{port}"
        monkeypatch.setattr(pyodide, "CDN", f"http://{standing_in.host}{PATH}")
        yield standing_in


@pytest.mark.slow
@LONG
@pytest.mark.parametrize("way", ["cdn", "npm"])
def test_an_exercise_with_python_from_the_network_or_npm(
    browser: Any, handed_out: Course, network: Network, tmp_path: Path, way: str
) -> None:
    own: list[str] = []
    try:
        build_site(handed_out, tmp_path / "site", runtime=way)
    except CannotDo as reason:
        pytest.skip(str(reason))
    with serving(tmp_path / "site", own) as port:
        browser.get(f"http://127.0.0.1:{port}/exercise-1.html")
        right = module(handed_out, **RIGHT)
        (report,) = checked(browser, "exercise-1", (right, SECONDS))
        assert report.passed
    hosted = {path.rpartition("/")[2] for path in own if HOSTED in path}
    assert hosted == ({*CORE} if way == "npm" else set())
    asked = {path.rpartition("/")[2] for path in network.heard}
    assert asked == {*WHEELS} | ({*CORE} if way == "cdn" else set())


@pytest.mark.slow
@LONG
@pytest.mark.parametrize(("name", "harm"), [(WASM, "altered"), (NUMPY, "altered"), (WASM, "absent")])
def test_a_network_that_gives_something_else_is_told(
    browser: Any, handed_out: Course, network: Network, tmp_path: Path, name: str, harm: str
) -> None:
    build_site(handed_out, tmp_path / "site")
    if harm == "altered":
        network.alter(name)
    else:
        (network.folder / name).unlink()
    says = f"{name} from {network.host} {ALTERED}" if harm == "altered" else f"{name} is not there (404 from"
    with serving(tmp_path / "site") as port:
        browser.get(f"http://127.0.0.1:{port}/exercise-1.html")
        wait_for(browser, "#work button.main").click()
        assert says in wait_for(browser, ".trouble p").text


def test_every_file_has_one_place_and_its_hash(tmp_path: Path) -> None:
    for hosted in ({}, dict.fromkeys(CORE, b""), dict.fromkeys(CORE | WHEELS, b"")):
        manifest: Any = runtime_manifest(hosted)
        entries = [*manifest["core"], *manifest["packages"].values()]
        assert {entry["name"] for entry in entries} == {*CORE, *WHEELS}
        for entry in entries:
            here = entry["name"] in hosted
            assert entry["url"].startswith(
                f"{HOSTED}/" if here else f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/"
            )
            assert entry["integrity"].startswith("sha256-")


def test_a_folder_that_is_not_pyodide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotDo, match=r"has no pyodide\.asm.js; it should hold Pyodide"):
        hosted_files(str(tmp_path))
    for name in CORE:
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(CannotDo, match="is not the file of Pyodide"):
        hosted_files(str(tmp_path))


def test_npm_that_is_not_there_or_cannot_fetch_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotDo, match=r"there is no npm here; install Node.js, or use --runtime cdn"):
        hosted_files("npm")
    for says, script in (
        ("E404", "echo npm error code E404 >&2; exit 1"),
        ("not enough values", "true"),
        ("tar", "echo x >pyodide.tgz"),
    ):
        (tmp_path / "npm").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / "npm").chmod(0o755)
        with pytest.raises(CannotDo, match=rf"npm could not fetch pyodide@{VERSION} \(.*({says})"):
            hosted_files("npm")
