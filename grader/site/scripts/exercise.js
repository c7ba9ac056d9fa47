// An exercise: an editor with the stub, the checks' verdict, hints. Each check gets an interpreter that no
// student code has touched; the next one starts while the verdict is read.

import { Hung, Trouble } from "./box.js";
import { Desk } from "./desk.js";
import { button, el, safe, save } from "./dom.js";

const CHECK_SECONDS = 90;
const MAX_SOURCE = 2 ** 20; // bytes, as the grader reads
const root = document.getElementById("work");
const { exercise, module, functions, uses } = root.dataset;
const editor = document.getElementById("editor");
const file = `file ${exercise}`;
const trouble = el("div", { class: "trouble", role: "alert" });
const says = el("p", { class: "quiet", role: "status" });
const verdict = el("div", { id: "verdict", role: "region", tabindex: "-1", "aria-label": "Verdict" });
const run = button("Check it", check, { class: "main" });
const stop = button("Stop", halt, { hidden: true });
let desk;

root.append(controls(), trouble, says, verdict, hinting());
main();

async function main() {
  try {
    const built = uses.split(" ").filter(Boolean);
    desk = await Desk.open({ exercises: [exercise, ...built], packages: ["sqlite3", "numpy"] });
    editor.value = (await desk.store.text(file)) ?? editor.defaultValue;
    if (!desk.store.lasting) {
      tell(new Trouble("This browser keeps nothing for this page: download your file before you close it."));
    }
  } catch (error) {
    tell(error);
  }
}

function controls() {
  const upload = el("input", { type: "file", accept: ".py", hidden: true, change: () => take(upload) });
  const reset = button("Put the stub back", putStubBack);
  return el(
    "div",
    { class: "row" },
    run,
    stop,
    button("Download", () => save(`${module}.py`, editor.value, "text/x-python")),
    button("Upload …", () => upload.click()),
    reset,
    upload,
  );
}

function hinting() {
  const shown = el("div", { "aria-live": "polite" });
  const names = functions.split(" ");
  const buttons = names.map((name) =>
    button(names.length > 1 ? `Hint on ${name}` : "Hint", () => hint(name, shown)),
  );
  return el("div", {}, el("div", { class: "row" }, ...buttons), shown);
}

function tell(error) {
  const known =
    error instanceof Trouble
      ? error.message
      : `Something went wrong: ${error.message ?? error}. Reload the page.`;
  trouble.replaceChildren(el("p", {}, known));
  says.textContent = "";
}

// --- what is written ---

let waiting;
editor.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(keep, 400);
});
addEventListener("pagehide", keep);

async function keep() {
  clearTimeout(waiting);
  await desk?.store.setText(file, editor.value).catch(() => {
    tell(new Trouble("This browser stores no more: download your file before you close the page."));
  });
}

editor.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return check();
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault(); // the next line begins where this one does, or four further in
    const line = editor.value.slice(0, editor.selectionStart).split("\n").at(-1);
    const deeper = line.trimEnd().endsWith(":") ? "    " : "";
    insert(`\n${line.match(/^ */)[0]}${deeper}`);
  }
});

function insert(text) {
  editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "end");
  editor.dispatchEvent(new Event("input"));
  editor.blur(); // scrolls the caret into sight
  editor.focus();
}

async function putStubBack() {
  if (editor.value === editor.defaultValue) return;
  save(`${module}.py`, editor.value, "text/x-python"); // nothing that was written is lost
  editor.value = editor.defaultValue;
  await keep();
  says.textContent = "The stub is back; what was there is in your downloads.";
}

async function take(input) {
  const [chosen] = input.files;
  input.value = "";
  if (!chosen) return;
  if (chosen.size > MAX_SOURCE)
    return tell(new Trouble(`${chosen.name} is larger than 1 MiB; a module takes a few KiB.`));
  editor.value = await chosen.text();
  await keep();
  says.textContent = `${chosen.name} is in the editor.`;
}

// --- checks and hints ---

async function check() {
  if (!desk || run.disabled) return;
  trouble.replaceChildren();
  says.textContent = "Checking … (the first time, Python and NumPy are fetched, about 11 MB)";
  run.disabled = true;
  stop.hidden = false;
  try {
    await keep();
    const files = {};
    for (const name of [exercise, ...uses.split(" ").filter(Boolean)]) {
      const text = await desk.store.text(`file ${name}`);
      if (text !== undefined) files[name] = text;
    }
    await desk.do("prepare", { exercise });
    show(await desk.do("check", { exercise, files }, CHECK_SECONDS));
    await desk.remember();
  } catch (error) {
    const endless = "Your code was stopped before it came to an end: is there a loop that never ends?";
    tell(error instanceof Hung ? new Trouble(endless) : error);
  } finally {
    run.disabled = false;
    stop.hidden = true;
    desk.restart(); // it has run what somebody wrote
    desk.do("prepare", { exercise }).catch(() => {}); // the spare
  }
}

function halt() {
  desk.restart();
}

function show(found) {
  verdict.replaceChildren(safe(found.html));
  const practice = "This verdict is for practice: what counts is graded from your code.";
  verdict.append(el("p", { class: "quiet" }, practice));
  says.textContent = `${found.earned} of ${found.credits} credits`;
  verdict.focus();
}

async function hint(name, shown) {
  try {
    says.textContent = "Looking …";
    const found = await desk.do("hints", { exercise, function: name });
    says.textContent = "";
    const left = found.left > 0 ? `${found.left} more to come` : "that was the last hint";
    const list = found.hints.map((text) => el("li", {}, safe(text)));
    shown.replaceChildren(el("ol", {}, ...list), el("p", { class: "quiet" }, `${name}: ${left}`));
  } catch (error) {
    tell(error);
  }
}
