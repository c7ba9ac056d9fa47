// An exercise: an editor with the stub, the checks' verdict, hints. Each check gets an interpreter that no
// student code has touched; the next one starts while the verdict is read.

import { Hung, sentence, Trouble } from "./box.js";
import { Desk } from "./desk.js";
import { button, el, safe, save } from "./dom.js";
import { Editor } from "./editor.js";
import { Moved } from "./store.js";

const CHECK_SECONDS = 90;
const MAX_SOURCE = 2 ** 20; // bytes, as the grader reads
const root = document.getElementById("work");
const { exercise, module, functions } = root.dataset;
const uses = root.dataset.uses.split(" ").filter(Boolean);
const area = document.getElementById("editor");
const file = `file ${exercise}`;
const trouble = el("div", { class: "trouble", role: "alert" });
const says = el("p", { class: "quiet", role: "status" });
const verdict = el("div", { id: "verdict", role: "region", tabindex: "-1", "aria-label": "Verdict" });
const run = button("Check it", check, { class: "main" });
const stop = button("Stop", halt, { hidden: true });
let desk, editor;
let kept; // what the store holds of this file
let keeping = Promise.resolve();

root.append(controls(), trouble, says, verdict, hinting());
main();

async function main() {
  try {
    desk = await Desk.open({ exercises: [exercise, ...uses], packages: ["sqlite3", "numpy"] });
    await lookAgain();
    if (!desk.store.lasting) {
      tell(new Trouble("This browser keeps nothing for this page: download your file before you close it."));
    }
  } catch (error) {
    tell(error);
  }
  area.readOnly = false;
  editor = new Editor(area, check);
}

function controls() {
  const upload = el("input", { type: "file", accept: ".py", hidden: true, change: () => take(upload) });
  const reset = button("Put the stub back", putStubBack);
  return el(
    "div",
    { class: "row" },
    run,
    stop,
    button("Download", download),
    button("Upload …", () => upload.click()),
    reset,
    upload,
  );
}

function hinting() {
  const shown = el("div", { class: "hints", "aria-live": "polite" });
  const names = functions.split(" ");
  const buttons = names.map((name) =>
    button(names.length > 1 ? `Hint on ${name}` : "Hint", () => hint(name, shown), { "data-hint": name }),
  );
  return el("div", {}, el("div", { class: "row" }, ...buttons), shown);
}

function tell(error) {
  trouble.replaceChildren(el("p", {}, sentence(error)));
  says.textContent = "";
}

// --- what is written ---

area.addEventListener("input", keep);
document.addEventListener("visibilitychange", () => document.hidden || lookAgain());

/** Keep what is written, after what is being kept. */
function keep() {
  keeping = keeping.then(keepNow);
  return keeping;
}

async function keepNow() {
  const text = area.value;
  if (!desk || text === (kept ?? area.defaultValue)) return;
  try {
    await desk.store.setText(file, text, kept);
    kept = text;
  } catch (error) {
    const moved =
      "This file was changed in another tab meanwhile, and what stands here is not kept: download it, then reload the page.";
    const full = "This browser stores no more: download your file before you close the page.";
    tell(new Trouble(error instanceof Moved ? moved : full));
  }
}

/** Show what another tab has written, unless something was written here that is not kept. */
async function lookAgain() {
  await keep();
  if (!desk || area.value !== (kept ?? area.defaultValue)) return;
  kept = await desk.store.text(file);
  put(kept ?? area.defaultValue);
}

function put(text) {
  area.value = text;
  area.dispatchEvent(new Event("change")); // to the editor
}

function download() {
  save(`${module}.py`, area.value, "text/x-python");
}

async function putStubBack() {
  if (area.value === area.defaultValue) return;
  download(); // nothing that was written is lost
  put(area.defaultValue);
  await keep();
  says.textContent = "The stub is back; what was there is in your downloads.";
}

async function take(input) {
  const [chosen] = input.files;
  input.value = "";
  if (!chosen) return;
  if (chosen.size > MAX_SOURCE)
    return tell(new Trouble(`${chosen.name} is larger than 1 MiB; a module takes a few KiB.`));
  put(await chosen.text());
  await keep();
  says.textContent = `${chosen.name} is in the editor.`;
}

// --- checks and hints ---

let settling = Promise.resolve();

async function check() {
  if (!desk || run.disabled) return;
  trouble.replaceChildren();
  says.textContent = "Checking … (the first time, Python and NumPy are fetched, about 11 MB)";
  run.disabled = true;
  stop.hidden = false;
  let checking = false,
    checked = false;
  try {
    await keep();
    await settling;
    const files = { [exercise]: area.value };
    for (const name of uses) {
      const text = await desk.store.text(`file ${name}`);
      if (text !== undefined) files[name] = text;
    }
    await desk.do("prepare", { exercise });
    checking = true;
    show(await desk.do("check", { exercise, files }, CHECK_SECONDS));
    checked = true;
  } catch (error) {
    const endless = "Your code was stopped before it came to an end: is there a loop that never ends?";
    tell(checking && error instanceof Hung ? new Trouble(endless) : error);
  } finally {
    run.disabled = false;
    stop.hidden = true;
    settling = settle(checked);
  }
}

/** Let go of the interpreter, which has run what somebody wrote, and start a spare one. */
async function settle(checked) {
  if (checked) await desk.remember();
  desk.restart();
  desk.do("prepare", { exercise }).catch(() => {});
}

function halt() {
  desk.restart();
}

function show(found) {
  verdict.replaceChildren(safe(found.html));
  linkLines(verdict);
  const practice = "This verdict is for practice: what counts is graded from your code.";
  verdict.append(el("p", { class: "quiet" }, practice));
  for (const each of root.querySelectorAll("[data-hint]"))
    each.hidden = found.waiting.includes(each.dataset.hint); // there is nothing to mend here
  says.textContent = `${found.earned} of ${found.credits} credits`;
  verdict.focus();
}

/** Make the lines of this file that a verdict names lead to them. */
function linkLines(node) {
  const named = /(?:[\w/-]{0,80}?(\w{1,80})\.py(?::|, line )|\bline )(\d+)/g;
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const text of found) {
    const parts = [];
    let end = 0;
    for (const match of text.data.matchAll(named)) {
      const [all, other, line] = match;
      if ((other ?? module) !== module) continue;
      const go = button(all, () => editor.goTo(Number(line)), { class: "to-line" });
      parts.push(text.data.slice(end, match.index), go);
      end = match.index + all.length;
    }
    text.replaceWith(...parts, text.data.slice(end));
  }
}

async function hint(name, shown) {
  try {
    says.textContent = "Looking …";
    const found = await desk.do("hints", { exercise, function: name });
    says.textContent = "";
    if (found.waits) return shown.replaceChildren(safe(found.waits));
    const left = found.left > 0 ? `${found.left} more to come` : "that was the last hint";
    const list = found.hints.map((text) => el("li", {}, safe(text)));
    shown.replaceChildren(el("ol", {}, ...list), el("p", { class: "quiet" }, `${name}: ${left}`));
  } catch (error) {
    tell(error);
  }
}
