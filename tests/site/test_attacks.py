"""Hostile code in a browser: what a worker in the frame reaches, what a forged answer does to the page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.helpers import LONG, Served, serving

pytestmark = pytest.mark.slow

# Puts other code where Pyodide would be: in the same frame and worker, made by the page's own module.
BOX = """
const { Box, Hung } = await import(new URL("scripts/box.js", document.baseURI));
const runtime = await (await fetch("runtime.json")).json();
const usual = window.fetch;
window.fetch = async (url, ...more) =>
  url === "scripts/worker.js" ? new Response(worker) : usual(url, ...more);
const fake = { ...runtime, core: [] };
const make = () => Box.make(fake, { archives: [], packages: [] });
"""
TAIL = """
const answers = async (port, { data }) => {
  try {
    port.postMessage({ id: data.id, value: JSON.stringify({ result: await does(JSON.parse(data.values)) }) });
  } catch (error) {
    port.postMessage({ id: data.id, broken: String(error) });
  }
};
self.onmessage = ({ data: { port } }) => {
  port.onmessage = (message) => answers(port, message);
  port.postMessage({ ready: true });
};
"""
REACHES = """
const silence = () => new Promise((_, no) => setTimeout(no, 30_000, new Error("silent")));
const settled = (at) => Promise.race([at, silence()]);
self.addEventListener("error", (event) => event.preventDefault()); // of a worker inside that is refused late
const name = "rnn-grader Tiny";
const opened = (request) => new Promise((yes, no) => { request.onsuccess = yes; request.onerror = no; });
const socket = (made) => new Promise((yes, no) => {
  made.onopen = yes; made.onmessage = yes; made.onerror = () => no(new Error("refused"));
});
const asking = (url) => {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.send();
};
const inner = (code) => {
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  return new Promise((yes, no) => {
    worker.onmessage = ({ data }) => (data === "reached" ? yes() : no(new Error(data)));
    worker.onerror = () => no(new Error("refused"));
  });
};
const tries = ({ here, other, cdn }) => ({
  "fetch own origin": () => fetch(here + "stolen-fetch"),
  "fetch elsewhere": () => fetch(other + "stolen-fetch"),
  "fetch elsewhere, not to be read": () => fetch(other + "stolen-opaque", { mode: "no-cors" }),
  "fetch CDN": () => fetch(cdn + "pyodide-lock.json"),
  "fetch after the page": () => fetch(other + "stolen-late", { keepalive: true, method: "POST", body: "x" }),
  "request own origin": () => asking(here + "stolen-request"),
  "request elsewhere": () => asking(other + "stolen-request"),
  "socket": () => socket(new WebSocket(other.replace("http", "ws") + "stolen-socket")),
  "socket own origin": () => socket(new WebSocket(here.replace("http", "ws") + "stolen-socket")),
  "events": () => socket(new EventSource(other + "stolen-events")),
  "transport": () => new WebTransport(other.replace("http", "https") + "stolen-transport").ready,
  "beacon": () => navigator.sendBeacon(other + "stolen-beacon", "x") || Promise.reject(),
  "peers": () => new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:1" }] }),
  "script": () => importScripts(here + "stolen-script.js"),
  "script elsewhere": () => importScripts(other + "stolen-script.js"),
  "script as data": () => importScripts("data:text/javascript,1"),
  "script as blob": () => importScripts(URL.createObjectURL(new Blob(["1"]))),
  "module": () => import(other + "stolen-module.js"),
  "module as data": () => import("data:text/javascript,export default 1"),
  "eval": () => eval("1"),
  "function": () => new Function("return 1")(),
  "timer of text": () => new Promise((yes, no) => {
    self.yes = yes;
    setTimeout("yes()", 1);
    setTimeout(no, 500, new Error("not run"));
  }),
  "database": () => opened(indexedDB.open(name)),
  "databases": () => indexedDB.databases(),
  "caches": () => caches.open("x"),
  "cookies": () => cookieStore.getAll(),
  "locks": () => navigator.locks.request("x", () => 1),
  "files": () => navigator.storage.getDirectory(),
  "storage": () => localStorage.length,
  "parent": () => parent.document.title,
  "page": () => document.title,
  "shared worker": () => new SharedWorker(here + "stolen-shared.js"),
  "service worker": () => navigator.serviceWorker.register(here + "stolen-service.js"),
  "worker of an address": () => socket(new Worker(here + "stolen-worker.js")),
  "fetch in a worker inside": () =>
    inner(`fetch(${JSON.stringify(other + "stolen-inside")}, { mode: "no-cors" })
      .then(() => postMessage("reached"), (error) => postMessage(String(error)))`),
  "database in a worker inside": () =>
    inner(`try { const r = indexedDB.open(${JSON.stringify(name)});
      r.onsuccess = () => postMessage("reached"); r.onerror = () => postMessage("refused");
      } catch (error) { postMessage(String(error)) }`),
  "message to all": () => Promise.reject(new BroadcastChannel("rnn-grader").postMessage("stolen")),
});
async function does(where) {
  const found = {};
  const make = async ([what, attempt]) => {
    try {
      await settled((async () => attempt())());
      found[what] = "REACHED";
    } catch (error) {
      found[what] = String(error?.name ?? error);
    }
  };
  const { only, without } = where;
  const wanted = ([what]) => only ? only === what : !without?.includes(what);
  // Side by side: one that is silent delays no other.
  await Promise.all(Object.entries(tries(where)).filter(wanted).map(make));
  return found;
}
"""
PROBE = f"""
const [worker, where, done] = arguments;
(async () => {{{BOX}
  window.heard = [];
  new BroadcastChannel("rnn-grader").onmessage = (message) => window.heard.push(message.data);
  const reached = async (which, seconds) => {{
    const box = await make();
    const {{ result }} = await box.act("probe", {{ ...where, ...which }}, seconds);
    await new Promise((resolve) => setTimeout(resolve, 500));
    box.remove();
    return result;
  }};
  // Now and then Firefox never comes back to a worker, in a frame without an origin, that starts one inside.
  const inside = ["worker of an address", "fetch in a worker inside", "database in a worker inside"];
  const result = await reached({{ without: inside }}, 60);
  for (const only of inside)
    for (let count = 0; !(only in result) && count < 6; count++)
      Object.assign(result, await reached({{ only }}, 10).catch((error) => {{
        if (!(error instanceof Hung)) throw error;
      }}));
  return {{ result, heard: window.heard }};
}})().then(done, (error) => done(String(error)));
"""
CDN = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"


@pytest.fixture
def watched(whole_site: Served) -> Iterator[tuple[str, list[str]]]:
    """The same site on a host that says what it was asked for."""
    heard: list[str] = []
    with serving(whole_site.folder, heard) as port:
        yield f"http://127.0.0.1:{port}/", heard


PLAIN = """
const [code, where, done] = arguments;
window.heard = [];
new BroadcastChannel("rnn-grader").onmessage = (message) => window.heard.push(message.data);
const worker = new Worker(URL.createObjectURL(new Blob([code])));
worker.onmessage = ({ data }) => setTimeout(() => done({ result: data, heard: window.heard }), 500);
worker.postMessage(where);
"""


def test_a_worker_in_the_frame_reaches_nothing(
    browser: Any, watched: tuple[str, list[str]], tmp_path: Path
) -> None:
    (here, own), elsewhere = watched, list[str]()
    with serving(tmp_path, elsewhere) as port:
        browser.get(f"{here}exercise-1.html")
        where = {"here": here, "other": f"http://127.0.0.1:{port}/", "cdn": CDN}
        found = browser.execute_async_script(PROBE, f"{REACHES}{TAIL}", where)
        assert isinstance(found, dict), found
        assert len(found["result"]) > 35
        assert {what: how for what, how in found["result"].items() if how == "REACHED"} == {}
        assert elsewhere == []
        assert [path for path in own if "stolen" in path] == []
        assert found["heard"] == []

        # A worker that the page would start itself reaches its host, its storage and its other tabs.
        answers = "onmessage = async ({ data }) => postMessage(await does(data));"
        found = browser.execute_async_script(PLAIN, f"{REACHES}{answers}", where)
    reached = {what for what, how in found["result"].items() if how == "REACHED"}
    assert {"fetch own origin", "request own origin", "database", "caches", "files"} <= reached, found
    assert [path for path in own if "stolen" in path]
    assert "stolen" in found["heard"]


# --- answers that are forged --------------------------------------------------------------------------

FORGE = f"""
const [worker, names, seconds, done] = arguments;
(async () => {{{BOX}
  const said = {{}};
  for (const name of names) {{
    const box = await make();
    let beats = 0;
    const heart = setInterval(() => beats++, 50);
    const began = performance.now();
    const told = await box.act(name, {{}}, seconds).then(
      (reply) => JSON.stringify(reply).slice(0, 200),
      (error) => `${{error.constructor.name}} ${{error.message}}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 300)); // for what comes after the answer
    clearInterval(heart);
    const frames = document.querySelectorAll("iframe").length;
    box.remove();
    said[name] = {{ told, frames, beats, polluted: ({{}}).polluted ?? null }};
  }}
  return said;
}})().then(done, (error) => done(String(error)));
"""
FORGERIES = """
const forged = {
  "too long": (answer) => answer("x".repeat(9_000_000)),
  "a number": (answer) => answer(5),
  "an object": (answer) => answer({ length: 1, toString: 1 }),
  "nothing": (answer) => answer(undefined),
  "no JSON": (answer) => answer("{"),
  "deep": (answer) => answer("[".repeat(3_000_000)),
  "deep and whole": (answer) => answer("[".repeat(1_000_000) + "]".repeat(1_000_000)),
  "deep data": (answer) => {
    let deep = [];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    answer(deep);
  },
  "pollution": (answer) =>
    answer('{"__proto__":{"polluted":1},"result":{"__proto__":{"polluted":1},"constructor":{"prototype":1}}}'),
  "broken object": (answer, port, id) => port.postMessage({ id, broken: { toString: 1 } }),
  "twice": (answer) => { answer('{"result":1}'); answer('{"result":2}'); },
  "other ids": (answer, port) => {
    for (const id of ["__proto__", "constructor", -1, null, {}, []]) port.postMessage({ id, value: "{}" });
    port.postMessage(null);
    port.postMessage({ ready: true });
    answer('{"result":1}');
  },
  "flood": (answer, port) => { for (;;) port.postMessage({ id: 0, value: "x".repeat(1000) }); },
  "flood of starts": (answer, port) => { for (;;) port.postMessage({ ready: true, x: "x".repeat(1000) }); },
  "late": (answer, port) => {
    setInterval(() => port.postMessage({ id: 2, value: '{"result":"late"}' }), 1);
    answer('{"result":1}');
  },
  "silence": () => self.close(),
  "crash": () => { setTimeout(() => { throw new Error("crash"); }); },
  "endless": () => { for (;;); },
};
const does = null;
self.onmessage = ({ data: { port } }) => {
  port.onmessage = ({ data: { id, name } }) =>
    forged[name]((value) => port.postMessage({ id, value }), port, id);
  port.postMessage({ ready: true });
};
"""
NAMES = re.findall(r'^  "([^"]+)":', FORGERIES, re.MULTILINE)
SLOW = ("deep", "deep and whole", "flood of starts")  # each has another of its kind


@LONG
def test_a_forged_answer_does_no_harm(browser: Any, whole_site: Served) -> None:
    browser.get(f"{whole_site.url}exercise-1.html")
    names = [name for name in NAMES if os.environ.get("GRADER_LONG") or name not in SLOW]
    said = browser.execute_async_script(FORGE, FORGERIES, names, 2)
    assert isinstance(said, dict), said
    for name, facts in said.items():
        assert facts["polluted"] is None, name
        assert facts["beats"] >= 3, f"{name}: the page was not to be used"
    told = {name: facts["told"] for name, facts in said.items()}
    for name in ("too long", "a number", "an object", "nothing", "deep data"):
        assert told[name].startswith(("Trouble", "Hung")), (name, told[name])
    assert "crash" in told["crash"], "a worker that an error has stopped did not take too long"
    assert told["crash"].startswith("Trouble")
    gone = [name for name, facts in said.items() if not facts["frames"]]  # ended at once
    assert {"twice", "other ids", "flood", "late", "silence", "crash", "endless"} <= {*gone}, told


FAKED = f"""{BOX}
  const {{ Desk }} = await import(new URL("scripts/desk.js", document.baseURI));
  const made = await Desk.open();
  made.runtime = {{ ...fake, packages: {{ sqlite3: made.runtime.packages.sqlite3 }} }};
  const usualMake = Box.make;
  Box.make = () => usualMake(fake, {{ archives: [], packages: [] }});
"""
STORED = f"""
const [worker, done] = arguments;
(async () => {{{FAKED}
  const said = [];
  for (let count = 0; count < 9; count++) {{
    const before = (await made.store.after(0)).events.length;
    await made.do("check", {{ count }}).catch((error) => error);
    said.push((await made.store.after(0)).events.length - before);
    made.restart();
  }}
  return said;
}})().then(done, (error) => done(String(error)));
"""
EVENTS = """
const good = { event: "checked", at: "2026-11-01T10:00:00+00:00", learner: "ada", exercise: "exercise-1",
  earned: 2, credits: 5, outcomes: "{}", seed: 1, source_sha256: "0", grader_version: "1" };
const answers = [[good], [good, good, good], [], [null, 5, "checked"], [{ ...good, event: "begun" }],
  [{ ...good, earned: 1e300 }], [{ ...good, earned: { deep: 1 } }], [{ ...good, outcomes: "x".repeat(6e4) }],
  { filter: 1 }];
const does = async ({ count }) => answers[count];
self.onmessage = ({ data: { port } }) => {
  port.onmessage = async ({ data: { id, name, values } }) => {
    const events = name === "check" ? await does(JSON.parse(values)) : [];
    port.postMessage({ id, value: JSON.stringify({ result: {}, events }) });
  };
  port.postMessage({ ready: true });
};
"""


def test_a_forged_history_is_not_stored(browser: Any, whole_site: Served) -> None:
    browser.get(f"{whole_site.url}exercise-1.html")
    assert browser.execute_async_script(STORED, EVENTS) == [1, 1, 0, 0, 0, 0, 0, 0, 0]


STOPPED = f"""
const [worker, done] = arguments;
(async () => {{{FAKED}
  const ask = (what) => made.do(what, {{}}, 100).catch((error) => error.message);
  const said = [];
  for (const what of ["stops", "answers", "answers and stops", "answers"]) {{
    said.push(await ask(what));
    while (what.includes("stops") && document.querySelector("iframe")) // until it is heard of
      await new Promise((resolve) => setTimeout(resolve, 20));
  }}
  return said;
}})().then(done, (error) => done(String(error)));
"""
STOPS = """
self.onmessage = ({ data: { port } }) => {
  port.onmessage = ({ data: { id, name } }) => {
    if (name.includes("answers")) port.postMessage({ id, value: JSON.stringify({ result: "answered" }) });
    if (name.includes("stops")) setTimeout(() => { throw new Error("no room left"); });
  };
  port.postMessage({ ready: true });
};
"""


def test_an_interpreter_that_stops_is_told_with_its_reason_and_replaced(
    browser: Any, whole_site: Served
) -> None:
    browser.get(f"{whole_site.url}exercise-1.html")
    browser.set_script_timeout(90)  # nobody waits for one that is no more
    stopped, after, either, after_both = browser.execute_async_script(STOPPED, STOPS)
    assert "no room left" in stopped
    assert after == after_both == "answered"
    assert either == "answered" or "no room left" in either  # whichever is heard of first
