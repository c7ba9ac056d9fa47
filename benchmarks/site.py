"""What the course in a browser weighs, and how long it takes: medians, in Chromium.

The website of the whole course is built and served from this machine, so a network adds its own time:

- the weight of each lesson's page with all that it asks for but pictures and Python; 200 KB are allowed;
- the first question of a quiz, from the click on, against loading Pyodide's core in the same frame; 1.2 times
  are allowed. It is shown before Python is there, but not to those who have given a name, whose numbers are
  others: how long they wait stands beside it, and how long it takes until an answer can be marked;
- a check of exercise-3 in an interpreter that stands ready, as after the first check; 1 s is allowed.

Beside the seconds of a clock stand those of processors, of the browser's processes together, since on a busy
machine the clock says little.

    python benchmarks/site.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from grader.authoring.handout import build_handout  # noqa: E402
from grader.course import open_course  # noqa: E402
from grader.site.build import build_site  # noqa: E402
from grader.site.shipped import VERSION  # noqa: E402
from tests.site.conftest import start_chromium  # noqa: E402
from tests.site.helpers import GIVE_NAME, serving  # noqa: E402
from tests.site.pyodide import runtime_folder  # noqa: E402

QUIZ, EXERCISE = "gates", "exercise-3"
ALLOWED_BYTES, ALLOWED_RATIO, ALLOWED_SECONDS = 200_000, 1.2, 1.0
PICTURES = (".svg", ".png", ".jpg", ".gif", ".webp")
CORE = """
(async () => {
  const { Box } = await import(new URL("scripts/box.js", document.baseURI));
  const usual = window.fetch;
  window.fetch = async (url, ...more) => {
    const reply = await usual(url, ...more);
    if (url !== "scripts/worker.js") return reply;
    return new Response((await reply.text()).replace(/act = python.*/, "")); // no program of ours
  };
  const runtime = await (await fetch("runtime.json")).json();
  const box = await Box.make(runtime, { archives: [], packages: [] });
  box.remove();
})().then(() => arguments[0](""), (error) => arguments[0](String(error)));
"""
FORGET = """
indexedDB.databases().then((all) => Promise.all(all.map(({ name }) => new Promise((resolve, reject) => {
  Object.assign(indexedDB.deleteDatabase(name), { onsuccess: resolve, onerror: reject });
})))).then(() => arguments[0](""), (error) => arguments[0](String(error)));
"""
MARKED = """
const field = document.querySelector("#sitting input");
field.type === "text" ? (field.value = "1") : field.click();
document.querySelector("#sitting form").requestSubmit();
const look = () => {
  const trouble = document.querySelector(".trouble p")?.textContent;
  trouble || document.querySelector(".reply") ? arguments[0](trouble ?? "") : setTimeout(look, 5);
};
look();
"""
FIRST_QUESTION = """
document.querySelector("#sitting button.main").click();
const look = () => {
  const heading = document.querySelector("#sitting h2");
  heading ? arguments[0]("") : setTimeout(look, 5);
};
look();
"""
DESK = """
(async () => {
  const { Desk } = await import(new URL("scripts/desk.js", document.baseURI));
  window.desk ??= await Desk.open({ exercises: [arguments[0]], packages: ["sqlite3", "numpy"] });
  window.desk.restart();
  await window.desk.do("prepare", { exercise: arguments[0] });
})().then(() => arguments[1](""), (error) => arguments[1](String(error)));
"""
CHECK = """
const [exercise, text, done] = arguments;
window.desk.do("check", { exercise, files: { [exercise]: text } }, 100)
  .then((found) => done(found.passed ? "" : "did not pass"), (error) => done(String(error)));
"""


class Took(NamedTuple):
    """How long something took, in seconds of a clock and of processors."""

    clock: float
    processor: float


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    course = open_course(ROOT)
    with tempfile.TemporaryDirectory() as name:
        folder, heard = Path(name), list[str]()
        build_handout(course, folder / "handout", b"of no consequence")
        build_site(open_course(folder / "handout"), folder / "site", runtime=str(runtime_folder()))
        browser = start_chromium(folder / "profile")
        try:
            with serving(folder / "site", heard) as port:
                site = f"http://127.0.0.1:{port}/"
                before = os.getloadavg()[0]
                weights = _weights(browser, folder / "site", site, heard)
                solution = course[EXERCISE].solution_path.read_text(encoding="utf-8")
                times = _times(browser, site, solution, rounds)
                loads = f"load {before:.1f} to {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
                version = browser.capabilities["browserVersion"]
        finally:
            browser.quit()
    print(f"Chromium {version}, Pyodide {VERSION}; {rounds} interleaved rounds; {loads}")
    _print(weights, times)


def _weights(browser: Any, folder: Path, site: str, heard: list[str]) -> dict[str, int]:
    """Return by lesson how many bytes its page asks for, without pictures and Python."""
    weights = {}
    for page in sorted(folder.glob("exercise-*.html")):
        browser.get("about:blank")
        browser.execute_cdp_cmd("Network.clearBrowserCache", {})
        heard.clear()
        browser.get(site + page.name)
        time.sleep(0.5)  # for what scripts ask for
        asked = {path.lstrip("/") for path in heard if not path.endswith(PICTURES)}
        weights[page.stem] = sum((folder / path).stat().st_size for path in asked)
    return weights


def _times(browser: Any, site: str, solution: str, rounds: int) -> dict[str, list[Took]]:
    def run(script: str, *values: str) -> None:
        if problem := browser.execute_async_script(script, *values):
            raise SystemExit(problem)

    def at_start() -> None:
        browser.get(f"{site}quiz-{QUIZ}.html")
        while not browser.find_elements("css selector", "#sitting button.main"):
            time.sleep(0.05)

    times: dict[str, list[Took]] = {"core": [], "question": [], "marked": [], "named": [], "check": []}
    for number in range(rounds + 1):
        browser.get(f"{site}quiz-{QUIZ}.html")
        found = {"core": _took(lambda: run(CORE))}
        browser.get(f"{site}site.css")
        run(FORGET)
        at_start()
        found["question"] = _took(lambda: run(FIRST_QUESTION))
        marked = _took(lambda: run(MARKED))
        found["marked"] = Took(*(sum(pair) for pair in zip(found["question"], marked, strict=True)))
        browser.get(f"{site}site.css")
        run(FORGET)
        browser.get(f"{site}index.html")
        run(GIVE_NAME)
        at_start()
        found["named"] = _took(lambda: run(FIRST_QUESTION))
        browser.get(f"{site}{EXERCISE}.html")
        run(DESK, EXERCISE)
        found["check"] = _took(lambda: run(CHECK, EXERCISE, solution))
        for name, took in found.items():
            times[name] += [took] * bool(number)  # the first round warms what there is to warm
    return times


def _took(what: Callable[[], None]) -> Took:
    clock, processor = time.perf_counter(), _processor_seconds()
    what()
    return Took(time.perf_counter() - clock, _processor_seconds() - processor)


def _processor_seconds() -> float:
    """Return what all processes below this one have used so far; those that have ended left it to them."""
    parents, used = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
        used[int(entry.parent.name)] = sum(map(int, fields[11:15]))
    layer, total = {os.getpid()}, 0
    while layer := {pid for pid, parent in parents.items() if parent in layer}:
        total += sum(used[pid] for pid in layer)
    return total / os.sysconf("SC_CLK_TCK")


def _print(weights: dict[str, int], times: dict[str, list[Took]]) -> None:
    heaviest = max(weights, key=lambda name: weights[name])
    verdict = "within" if weights[heaviest] <= ALLOWED_BYTES else "ABOVE"
    median, most = statistics.median(weights.values()) / 1000, weights[heaviest] / 1000
    what = "a lesson without pictures and Python"
    print(f"{what}: median {median:.0f} KB, {heaviest} {most:.0f} KB; {verdict} 200 KB")
    medians = {
        name: Took(*(statistics.median(values) for values in zip(*took, strict=True)))
        for name, took in times.items()
    }
    for name, took in medians.items():
        print(f"{name}: median {took.clock:.2f} s, {took.processor:.2f} s of processors")
    core, question, check = (medians[name] for name in ("core", "question", "check"))
    verdict = "within" if question.clock / core.clock <= ALLOWED_RATIO else "ABOVE"
    print(f"first question / core: {question.clock / core.clock:.2f}; {verdict} {ALLOWED_RATIO}")
    for name, what in (("marked", "an answer to it is marked"), ("named", "of somebody with a name")):
        clock, processor = (took / one for took, one in zip(medians[name], core, strict=True))
        print(f"{what}: {clock:.2f} times the core, {processor:.2f} times its processors")
    verdict = "within" if check.clock <= ALLOWED_SECONDS else "ABOVE"
    print(f"a warm check of {EXERCISE}: {check.clock:.2f} s; {verdict} {ALLOWED_SECONDS:g} s")


if __name__ == "__main__":
    main()
