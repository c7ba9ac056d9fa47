// A quiz: asks one question after the other. All that counts is done in Python, as in a terminal.

import { Hung, sentence, Trouble } from "./box.js";
import { makeControl } from "./controls.js";
import { Desk, MOVED } from "./desk.js";
import { button, credits, el, safe } from "./dom.js";
import { Moved } from "./store.js";

const SIGNS = { right: "✓", wrong: "✗", tried: "…", answered: "•", open: "" };
const WORDS = { right: "right", wrong: "not right", tried: "try again", answered: "answered", open: "open" };
const SURE = ["guessing", "fairly sure", "certain"];
const CODE_SECONDS = 20; // for an answer that holds code

const root = document.getElementById("sitting");
const quiz = root.dataset.quiz;
const trouble = el("div", { class: "trouble", role: "alert" });
const stage = el("div");
let desk,
  items = [];

root.append(trouble, stage);
root.hidden = false;
main();

async function main() {
  try {
    desk = await Desk.open();
  } catch (error) {
    return tell(error);
  }
  if (!desk.store.lasting) {
    tell(
      new Trouble(
        "This browser keeps nothing for this page (a private window, or storage is switched off): what you answer is gone when you close it.",
      ),
    );
  }
  const last = await desk.store.text(`quiz ${quiz}`);
  const start = button(last === "begun" ? "Go on with the quiz" : "Take the quiz here", begin, {
    class: "main",
  });
  const size = el(
    "p",
    { class: "quiet" },
    "The first time, your browser fetches Python, about 7 MB. Your answers stay in this browser; a private window forgets them when it is closed.",
  );
  stage.replaceChildren(el("div", { class: "card" }, el("div", { class: "row" }, start), size));
}

/** Run something the learner asked for; say what goes wrong. */
async function attempt(what, waiting = "") {
  trouble.replaceChildren();
  stage.setAttribute("aria-busy", "true");
  const note = el("p", { class: "waiting", role: "status" }, waiting);
  const wait = waiting && setTimeout(() => stage.append(note), 300);
  try {
    return await what();
  } catch (error) {
    tell(error);
    return null;
  } finally {
    clearTimeout(wait);
    note.remove();
    stage.removeAttribute("aria-busy");
  }
}

function tell(error) {
  trouble.replaceChildren(el("p", {}, sentence(error)));
}

/** Begin, or go on; what is known to come first is shown while Python starts, and answers wait for it. */
async function begin() {
  const opening = desk.do("open", { quiz }).catch((error) => {
    if (!(error instanceof Hung)) throw error;
    return desk.do("open", { quiz, hung: true }); // an answer that was taken in runs without end
  });
  opening.catch(() => {}); // it is told below
  const known = await foreseen().catch(() => null);
  if (known) await enter(known);
  const opened = await attempt(() => opening, "Python is starting …");
  if (!opened) return;
  const same = JSON.stringify(known?.items) === JSON.stringify(opened.items);
  if (!same) await enter(opened);
  remember((same ? known : opened).question);
  await desk.store.setText(`quiz ${quiz}`, "begun").catch(() => {}); // only the button's word hangs on it
}

async function enter({ notes = [], items: all, question }) {
  document.getElementById("questions").hidden = true;
  items = all;
  await show(question.id, notes, null, question);
}

/** Return what Python would ask: what was shown last, if nothing has happened since, or what those who begin are asked. */
async function foreseen() {
  const kept = JSON.parse((await desk.store.text(`shown ${quiz}`)) ?? "null");
  const { events, last } = await desk.store.after(0);
  if (kept?.at === last && kept.site === site()) return kept;
  if (events.some(({ event, quiz: of }) => event === "logged_in" || (event === "begun" && of === quiz))) return null;
  return (await fetch(`quiz-${quiz}.json`)).json();
}

/** Keep what is shown, for whoever goes on later. */
function remember(question) {
  const shown = { at: desk.seen, site: site(), items, question };
  desk.store.setText(`shown ${quiz}`, JSON.stringify(shown)).catch(() => {}); // it only spares waiting
}

const site = () => `${desk.runtime.program.url} ${desk.runtime.files.url}`;

const firstOpen = (from) => [...items.slice(from), ...items.slice(0, from)].find((item) => item.open)?.id;
const placeOf = (id) => items.findIndex((item) => item.id === id);

/** Show a question, with what was said to it or what there is to know first. */
async function show(id, notes = [], reply = null, known = null) {
  const question = known ?? (await attempt(() => desk.do("question", { quiz, question: id })));
  if (!question) return;
  if (!known) remember(question);
  const said = reply ?? question.said;
  const facts = [question.topic, `${question.credits} credit${question.credits === 1 ? "" : "s"}`];
  if (question.tries > 1 && !question.done) facts.push(`attempt ${question.attempt} of ${question.tries}`);
  if (!question.silent) facts.push(`${credits(question.earned)} earned`);
  if (question.flagged) facts.push("flagged");
  const heading = el("h2", { tabindex: "-1" }, `Question ${placeOf(id) + 1} of ${items.length}`);
  const facts_ = el("p", { class: "quiet" }, ...facts.map((fact) => el("span", {}, fact)));
  const card = el(
    "div",
    { class: "card question" },
    ...notes.map((note) => el("p", { class: "quiet" }, note)),
    heading,
    facts_,
  );
  if (said && !said.stored) card.append(replyNode(said));
  card.append(el("div", { class: "prompt" }, safe(question.prompt)));
  if (question.code && question.type !== "fix") card.append(el("pre", {}, el("code", {}, question.code)));
  card.append(
    ...question.hints.map((hint) => el("div", { class: "hint" }, el("b", {}, "Hint. "), safe(hint))),
  );
  if (question.done) card.append(...offered(question));
  const named = question.done || question.silent || !question.options.length; // else numbers are others by now
  if (question.given && named) card.append(el("p", { class: "quiet" }, `Your answer: ${question.given}`));
  if (!question.done) card.append(answering(question));
  card.append(moving(question));
  stage.replaceChildren(overview(id), card);
  (said && !said.stored ? card.querySelector(".reply") : heading).focus();
}

/** What was chosen from, with the numbers and letters that an answer names. */
function offered({ lefts, options, type, code }) {
  const list = (texts, name) => el("ol", { class: name }, ...texts.map((text) => el("li", {}, safe(text))));
  const shown = [];
  if (type === "fix") shown.push(el("pre", { class: "numbered" }, el("code", {}, code)));
  if (lefts.length) shown.push(list(lefts, "lefts"));
  if (options.length) shown.push(list(options, lefts.length ? "options letters" : "options"));
  return shown;
}

/** The list of questions, to see how each stands and to go to one. */
function overview(current) {
  const list = el("ol", { class: "dots", "aria-label": "Questions" });
  for (const [at, item] of items.entries()) {
    const state = `${WORDS[item.state]}${item.flagged ? ", flagged" : ""}`;
    const here = item.id === current ? "step" : false;
    const go = button(`${at + 1}${SIGNS[item.state]}${item.flagged ? "⚑" : ""}`, () => show(item.id), {
      class: `${item.state} small`,
      "aria-label": `Question ${at + 1}: ${state}`,
      "aria-current": here,
    });
    list.append(el("li", {}, go));
  }
  return list;
}

function answering(question) {
  const control = makeControl(question, () => preview(question, control));
  const sure = question.certainty ? certainty() : null;
  const form = el("form", {
    submit: (event) => {
      event.preventDefault();
      answer(question, control.text(), sure);
    },
  });
  const label = question.silent && question.given ? "Change the answer" : "Answer";
  form.append(
    control.node,
    ...(sure ? [sure] : []),
    el("div", { class: "row" }, el("button", { class: "main" }, label)),
  );
  return form;
}

function certainty() {
  const rows = SURE.map((word, at) =>
    el("label", {}, el("input", { type: "radio", name: "sure", value: String(at + 1) }), word),
  );
  return el("fieldset", { class: "sure" }, el("legend", {}, "How sure are you? (earns nothing)"), ...rows);
}

let asked = 0; // previews are asked for one at a time, and only the last one is shown

async function preview(question, control) {
  if (!control.understood) return;
  const mine = ++asked;
  await new Promise((resolve) => setTimeout(resolve, 250));
  if (mine !== asked) return;
  const text = control.text().trim();
  let shown = "";
  if (text) shown = await desk.do("understood", { quiz, question: question.id, text }).catch(() => "…");
  if (mine === asked) control.understood.textContent = shown;
}

let marking = false;

async function answer(question, text, sure) {
  if (!text.trim()) return tell(new Trouble("There is no answer yet."));
  if (marking) return;
  marking = true;
  const given = {
    quiz,
    question: question.id,
    attempt: question.attempt,
    text,
    certainty: Number(sure?.querySelector(":checked")?.value) || null,
  };
  const replied = await attempt(() => marked(given, question.type === "fix"), "Marking …");
  marking = false;
  if (!replied) return;
  if (replied.moved) {
    await show(question.id);
    return tell(new Trouble(MOVED));
  }
  items = replied.items;
  if (replied.reply.stored) return next(question.id);
  await show(question.id, [], replied.reply);
}

/** Have an answer marked; what runs without end passes nothing, and the interpreter is replaced. */
async function marked(given, holdsCode) {
  try {
    return await desk.do("answer", given, holdsCode ? CODE_SECONDS : 60);
  } catch (error) {
    if (error instanceof Moved) {
      desk.restart();
      return { moved: true };
    }
    if (!(error instanceof Hung && holdsCode)) throw error;
    return desk.do("answer", { ...given, hung: true });
  } finally {
    if (holdsCode) desk.restart(); // it has run what somebody wrote
  }
}

function replyNode(reply) {
  const state = reply.share >= 1 ? "passed" : reply.share > 0 ? "partly" : "failed";
  const sign = { passed: "✓", partly: "…", failed: "✗" }[state];
  const node = el("div", { class: `reply ${state}`, tabindex: "-1", role: "status" });
  node.append(
    el("p", { class: "verdict" }, el("span", { "aria-hidden": "true" }, `${sign} `), reply.arithmetic),
  );
  node.append(...reply.feedback.map((text) => el("div", {}, safe(text))));
  if (reply.credits) node.append(el("p", { class: "quiet" }, reply.credits));
  if (reply.again) node.append(el("p", {}, `${reply.again[0].toUpperCase()}${reply.again.slice(1)}:`));
  if (reply.solution) node.append(el("p", {}, reply.solution));
  if (reply.explain) node.append(el("div", {}, safe(reply.explain)));
  if (reply.source) node.append(el("p", { class: "quiet" }, "Source: ", ...linked(reply.source)));
  return node;
}

/** Turn the lessons that a text names into links. */
const linked = (text) =>
  text.split(/(exercise-\d+)/).map((part, at) => (at % 2 ? el("a", { href: `${part}.html` }, part) : part));

function moving(question) {
  const row = el("div", { class: "row moves" });
  if (question.next_hint !== null && !question.done) {
    const price = question.next_hint ? `, costs ${question.next_hint.toFixed(2)}` : ", free";
    row.append(button(`Hint${price}`, () => change("hint", question)));
  }
  row.append(button(question.flagged ? "Take the flag away" : "Flag", () => change("flag", question)));
  row.append(
    button(question.done ? "Next question" : "Skip", () => next(question.id), {
      class: question.done ? "main" : "",
    }),
  );
  row.append(button("Finish", () => finish(false)));
  return row;
}

async function change(what, question) {
  if (await attempt(() => desk.do("change", { quiz, question: question.id, what }))) {
    if (what === "flag") items[placeOf(question.id)].flagged = !question.flagged;
    await show(question.id);
  }
}

function next(id) {
  const following = firstOpen(placeOf(id) + 1);
  return following && following !== id ? show(following) : finish(false);
}

async function finish(sure) {
  const open = items
    .map((item, at) => [item, at + 1])
    .filter(([item]) => item.state === "open")
    .map(([, number]) => number);
  if (open.length && !sure) {
    trouble.replaceChildren(
      el("p", {}, `Without an answer: ${open.join(", ")}. `),
      el(
        "div",
        { class: "row" },
        button("Finish all the same", () => finish(true)),
        button("Go back", () => show(items[open[0] - 1].id)),
      ),
    );
    return trouble.querySelector("button").focus();
  }
  const summary = await attempt(() => desk.do("finish", { quiz }), "Adding up …");
  if (!summary) return;
  await desk.store.setText(`quiz ${quiz}`, "taken").catch(() => {});
  await desk.remember();
  stage.replaceChildren(summaryNode(summary));
  stage.querySelector("h2").focus();
}

function summaryNode(summary) {
  const node = el("div", { class: "card" }, el("h2", { tabindex: "-1" }, "Finished"));
  if (summary.silent) {
    node.append(
      el(
        "p",
        {},
        "Your answers are stored in this browser; whoever has the key grades them. Hand them in from the start page.",
      ),
    );
  } else {
    const share = Math.round((100 * summary.cents) / Math.max(1, summary.possible));
    const verdict = summary.passed ? "passed" : "below the pass mark";
    node.append(
      el(
        "p",
        { class: "sum" },
        credits(summary.cents),
        el(
          "small",
          {},
          ` of ${summary.possible / 100} credits, ${share} %: ${verdict} (${Math.round(100 * summary.pass_mark)} %)`,
        ),
      ),
    );
    const rows = summary.topics.map((row) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, row.topic),
        el("td", { class: "n" }, `${credits(row.cents)} of ${row.possible / 100}`),
      ),
    );
    node.append(
      el("div", { class: "wide" }, el("table", {}, el("caption", {}, "By topic"), el("tbody", {}, ...rows))),
    );
    node.append(
      ...summary.read.map(([topic, sources]) =>
        el("p", { class: "quiet" }, `Read on ${topic}: `, ...linked(sources.join("; "))),
      ),
    );
  }
  const again = button("Take it again", begin);
  node.append(el("div", { class: "row" }, again, el("a", { href: "index.html" }, "To the start page")));
  return node;
}
