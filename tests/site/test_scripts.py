"""The pages' scripts by themselves: modules that hold together, and markup that is made safe."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import grader.site
from tests.site.helpers import serving

SCRIPTS = Path(grader.site.__file__).parent / "scripts"
NODE = shutil.which("node")
SAFE = """
const [markup, done] = arguments;
import(new URL("scripts/dom.js", document.baseURI)).then(({ safe }) => {
  const node = document.createElement("div");
  node.append(safe(markup));
  done(node.innerHTML);
});
"""


@pytest.mark.skipif(NODE is None, reason="there is no node here")
def test_the_scripts_own_tests() -> None:
    environment = os.environ | {"SCRIPTS": str(SCRIPTS)}
    tests = sorted(map(str, Path(__file__).parent.glob("*.test.mjs")))
    ran = subprocess.run([str(NODE), "--test", *tests], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_what_a_script_imports_another_exports() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js")}
    for name, text in texts.items():
        for names, source in re.findall(r"import \{([^}]*)\} from \"\./([\w.]+)\"", text):
            for wanted in re.findall(r"\w+", names):
                exported = rf"export (async )?(const|class|function) {wanted}\b"
                assert re.search(exported, texts[source]), f"{name} wants {wanted} of {source}"


def test_no_script_makes_markup_of_text() -> None:
    for path in SCRIPTS.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), (
            path.name
        )


def test_the_bundle_is_of_the_packages_that_are_locked() -> None:
    vendor = SCRIPTS.parent / "vendor"
    text = (vendor / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    locked = json.loads(text)["packages"]
    licences = (vendor / "codemirror.licences.txt").read_text(encoding="utf-8")
    named = re.findall(r"(?:^|-{80}\n\n)(\S+) ([\d.]+)\n\n", licences)
    assert {"@codemirror/view", "@lezer/python", "style-mod"} <= {name for name, _ in named}
    assert licences.count("Permission is hereby granted") == len(named)
    for name, version in named:
        assert locked[f"node_modules/{name}"]["version"] == version, name


MARKUP = [
    ("<p>a <em>b</em> <code>&lt;x&gt;</code></p>", "<p>a <em>b</em> <code>&lt;x&gt;</code></p>"),
    ("<script>alert(1)</script><style>p{}</style>x", "x"),
    ('<p onclick="alert(1)" style="color:red" class="n">x</p>', '<p class="n">x</p>'),
    ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
    ('<a href="https://example.org">x</a>', '<a href="https://example.org">x</a>'),
    ('<meta http-equiv="refresh" content="0;url=https://example.org">x', "x"),
    ('<form action="https://example.org"><input name="a"><b>x</b></form>', "<b>x</b>"),
    ('<img src="https://example.org/x.png"><iframe src="https://example.org"></iframe>x', "x"),
    ('<svg onload="alert(1)"><text>x</text></svg>', "x"),
    ("<math><mi>x</mi><script>1</script></math>", "<math><mi>x</mi></math>"),
]


@pytest.mark.slow
def test_markup_of_python_is_made_safe(browser: Any, written: Path) -> None:
    with serving(written) as port:
        browser.get(f"http://127.0.0.1:{port}/index.html")
        for markup, shown in MARKUP:
            assert browser.execute_async_script(SAFE, markup) == shown, markup
