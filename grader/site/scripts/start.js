// The start page: how far one has come, one's name, and the files that carry work elsewhere.
// It starts Python only for what needs it.

import { sentence, Trouble } from "./box.js";
import { Desk } from "./desk.js";
import { button, credits, el, save } from "./dom.js";

const MAX_FILE = 8 * 2 ** 20; // bytes
const root = document.getElementById("progress");
const trouble = el("div", { class: "trouble", role: "alert" });
const says = el("p", { role: "status" });
const body = el("div");
let desk;

root.append(body, trouble, says);
root.hidden = false;
attempt(async () => {
  desk = await Desk.open();
  show(JSON.parse((await desk.store.text("overview")) ?? "null"));
});

/** Run something; say what goes wrong. */
async function attempt(what, waiting = "") {
  trouble.replaceChildren();
  says.textContent = waiting;
  try {
    await what();
  } catch (error) {
    trouble.replaceChildren(el("p", {}, sentence(error)));
    says.textContent = "";
  }
}

function show(overview) {
  const name = overview?.learner?.name;
  body.replaceChildren(
    el("p", {}, name ? `You are ${name} here. ` : "Nobody has given a name here. ", kept()),
    el("div", { class: "row" }, ...actions(name)),
  );
  for (const row of [...(overview?.quizzes ?? []), ...(overview?.exercises ?? [])]) tell(row);
}

const kept = () =>
  desk.store.lasting
    ? "What you do stays in this browser, and nowhere else: save it to a file before you clear the browser's data, or close a private window."
    : "This browser keeps nothing for this page: save your progress to a file before you close it.";

/** Write what was earned on the card of a quiz or an exercise. */
function tell(row) {
  const kind = row.quiz ? "quiz" : "exercise";
  const card = document.querySelector(`[data-${kind}="${CSS.escape(row[kind])}"] .quiet`);
  if (!card) return;
  const earned = row.quiz ? credits(row.cents) : row.earned;
  const done = row.quiz ? row.cents >= 100 * row.credits : row.earned >= row.credits;
  card.querySelector(".earned")?.remove();
  if (row.state || row.earned !== null) {
    const word = row.state === "unfinished" ? "unfinished" : `${earned} earned`;
    card.append(el("span", { class: `earned ${done ? "done" : ""}` }, done ? `✓ ${word}` : word));
  }
}

function actions(name) {
  const file = el("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    change: () => take(file),
  });
  return [
    button(name ? "Change the name" : "Give your name", giveName),
    button("Save progress to a file", () => attempt(backup)),
    button("Take in a file …", () => file.click()),
    button("Hand in …", () => attempt(handIn, "Putting your work together …")),
    file,
  ];
}

function giveName() {
  const field = el("input", { type: "text", id: "name", maxlength: "80", autocomplete: "name" });
  const form = el(
    "form",
    {
      class: "typed",
      submit: (event) => {
        event.preventDefault();
        attempt(async () => {
          await desk.do("login", { name: field.value });
          await refresh();
          says.textContent = "Your name is kept in this browser; it goes into what you hand in.";
        }, "Python is starting …");
      },
    },
    el("label", { for: "name" }, "Your name, as your course knows you"),
    el("div", { class: "line" }, field, el("button", { class: "main" }, "Keep it")),
  );
  body.append(form);
  field.focus();
}

/** Ask Python where everything stands, and keep the answer for the next time. */
async function refresh() {
  show(await desk.remember());
}

async function backup() {
  save("rnn-grader-progress.json", await desk.backup(), "application/json");
  says.textContent =
    "Saved. On a laptop, `grader import rnn-grader-progress.json` goes on from there; here, or in another browser, take the file in.";
}

async function take(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  await attempt(async () => {
    if (file.size > MAX_FILE)
      throw new Trouble(`${file.name} is larger than 8 MiB, which no learner's history is.`);
    const given = { name: file.name, document: await file.text() };
    const found = await desk.do("take", { ...given, preview: true });
    const count = Object.values(found.new).reduce((sum, one) => sum + one, 0);
    if (!count) return void (says.textContent = `${file.name} holds nothing that is not here already.`);
    const { answered, begun, checked } = found.new;
    const adds = `${several(answered, "answer")} in ${several(begun, "sitting")} and ${several(checked, "check")}`;
    const told = `${file.name} would add ${adds}, of ${found.people.join(", ")}.`;
    const sure = el("div", { class: "card" }, el("p", {}, told), el("div", { class: "row" }));
    sure.lastChild.append(
      button("Take it in", () => attempt(() => takeIn(given), "Taking it in …"), { class: "main" }),
      button("Leave it", () => sure.remove()),
    );
    body.append(sure);
    sure.querySelector("button").focus();
    says.textContent = "";
  }, "Reading …");
}

const several = (count = 0, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

async function takeIn(given) {
  await desk.do("take", { ...given, preview: false });
  await refresh();
  says.textContent = "It is here now.";
}

async function handIn() {
  const files = await desk.store.texts("file ");
  const made = await desk.do("hand_in", { files });
  const bytes = Uint8Array.from(atob(made.zip), (letter) => letter.charCodeAt(0));
  save(made.name, bytes, "application/zip");
  says.textContent = `${made.name} is in your downloads; hand it in where your course says.`;
  if (made.missing.length)
    body.append(
      el(
        "div",
        {},
        el("p", {}, "You may want to know before:"),
        el("ul", {}, ...made.missing.map((text) => el("li", {}, text))),
      ),
    );
}
