// What questions are answered with. Each control has a node, says what its answer would be if it were typed
// in a terminal, and can be used by keyboard alone.

import { button, el, safe } from "./dom.js";
import { Editor } from "./editor.js";

/** What a label says, for those whose screen reader passes over the mathematics in it. */
const words = (markup) => safe(markup).textContent.trim();

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * Make the control of a question.
 * @param {object} question what browser.py says of it
 * @param {() => void} changed is called when the answer becomes another one
 * @returns {{node: Element, text: () => string}}
 */
export function makeControl(question, changed) {
  const kinds = { single: choices, multiple: choices, order, match, fix };
  return (kinds[question.type] ?? typed)(question, changed);
}

const CHOOSE = { single: "Choose one", multiple: "Choose all that are right" };

function choices(question, changed) {
  const type = question.type === "single" ? "radio" : "checkbox";
  const inputs = question.options.map((text, at) =>
    el("input", { type, name: "choice", value: String(at + 1), "aria-label": words(text), change: changed }),
  );
  const rows = question.options.map((text, at) =>
    el("label", { class: "choice" }, inputs[at], el("span", {}, safe(text))),
  );
  return {
    node: el("fieldset", {}, el("legend", {}, CHOOSE[question.type]), ...rows),
    text: () =>
      inputs
        .filter((input) => input.checked)
        .map((input) => input.value)
        .join(" "),
  };
}

const LABELS = { numeric: "Your number", shape: "The shape", text: "Your answer", output: "What it prints" };

function typed(question, changed) {
  const plain = { autocomplete: "off", autocapitalize: "off", spellcheck: "false", id: "answer" };
  const field = el("input", {
    type: "text",
    ...plain,
    "aria-describedby": "asks understood",
    input: changed,
  });
  const label = el("label", { for: "answer" }, LABELS[question.type] ?? "Your answer");
  const hint = el("p", { class: "quiet", id: "asks" }, question.asks.replace(/^type /, ""));
  const understood = el("output", { id: "understood", for: "answer" });
  const node = el("div", { class: "typed" }, label, el("div", { class: "line" }, field, understood), hint);
  const previews = ["numeric", "shape"].includes(question.type);
  return { node, text: () => field.value, understood: previews ? understood : null };
}

function order(question, changed) {
  const placed = el("ol", { class: "placed", "aria-label": "Your order" });
  const rest = el("ul", { class: "rest", "aria-label": "Not placed" });
  const says = el("p", { class: "away", role: "status" });
  const up = (node) => node.previousElementSibling?.before(node);
  const down = (node) => node.nextElementSibling?.after(node);
  const take = (node) => rest.append(node);
  const put = (node) => placed.append(node);
  const rows = question.options.map((text, at) => row(String(at + 1), text));
  let dragged = null;

  function row(number, text) {
    const name = el("span", { class: "what" }, safe(text));
    const buttons = el("span", { class: "moves" });
    const node = el("li", { draggable: "true", "data-number": number }, name, buttons);
    for (const [move, sign, told] of [
      [up, "↑", "Move up"],
      [down, "↓", "Move down"],
      [take, "✕", "Take out"],
      [put, "Add", "Add to the end"],
    ]) {
      const label = `${told}: ${name.textContent.trim()}`;
      buttons.append(
        button(sign, () => act(node, move, sign), { class: `${move.name} small`, "aria-label": label }),
      );
    }
    node.addEventListener("dragstart", (event) => {
      dragged = node;
      event.dataTransfer.setData("text/plain", number);
    });
    return node;
  }

  function act(node, move, sign) {
    move(node);
    told(node);
    const again = [...node.querySelectorAll("button")].find(
      (each) => each.textContent === sign && each.offsetParent,
    );
    (again ?? [...node.querySelectorAll("button")].find((each) => each.offsetParent))?.focus();
  }

  function told(node) {
    const at = [...placed.children].indexOf(node);
    says.textContent = at < 0 ? "taken out" : `line ${at + 1} of ${placed.children.length}`;
    changed();
  }

  for (const list of [placed, rest]) {
    list.addEventListener("dragover", (event) => event.preventDefault());
    list.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!dragged) return;
      const below = [...list.children].find((each) => each !== dragged && event.clientY < middle(each));
      below ? below.before(dragged) : list.append(dragged);
      told(dragged);
      dragged = null;
    });
  }
  rest.append(...rows);
  const head = (text) => el("p", { class: "quiet", "aria-hidden": "true" }, text);
  return {
    node: el(
      "div",
      { class: "ordering" },
      head("Your order: add lines, move them, leave out what does not belong"),
      placed,
      head("Not placed"),
      rest,
      says,
    ),
    text: () => [...placed.children].map((each) => each.dataset.number).join(" "),
  };
}

const middle = (node) => node.getBoundingClientRect().top + node.offsetHeight / 2;

function match(question, changed) {
  const letters = question.options.map((_, at) => LETTERS[at]);
  const selects = question.lefts.map((text, at) =>
    el(
      "select",
      { id: `left-${at}`, "aria-label": words(text), change: changed },
      el("option", { value: "" }, "–"),
      ...letters.map((letter) => el("option", {}, letter)),
    ),
  );
  const rows = question.lefts.map((text, at) =>
    el("div", { class: "pair" }, el("label", { for: `left-${at}` }, safe(text)), selects[at]),
  );
  const rights = el(
    "ol",
    { class: "options letters" },
    ...question.options.map((text) => el("li", {}, safe(text))),
  );
  return {
    node: el("fieldset", { class: "matching" }, el("legend", {}, "Which belongs to which?"), rights, ...rows),
    text: () =>
      selects
        .map((select, at) => (select.value ? `${at + 1}${select.value}` : ""))
        .filter(Boolean)
        .join(" "),
  };
}

/** The program in an editor; the answer is the one line that was changed. */
function fix(question, changed) {
  const lines = question.code.replace(/\n$/, "").split("\n");
  const says = el("p", { class: "quiet", role: "status" }, "Mend one line.");
  const code = { id: "mended", rows: String(lines.length + 1), wrap: "off", spellcheck: "false" };
  const area = el("textarea", { ...code, autocomplete: "off", autocapitalize: "off", input: told });
  area.value = lines.join("\n");

  function mended() {
    const now = area.value.replace(/\n$/, "").split("\n");
    const others = lines.map((_, at) => at).filter((at) => now[at] !== lines[at]);
    return { now, others, one: now.length === lines.length && others.length === 1 };
  }

  function told() {
    const { now, others, one } = mended();
    const which = others.map((at) => at + 1).join(", ");
    if (one) says.textContent = `Your answer is line ${which}.`;
    else if (now.length !== lines.length)
      says.textContent = `There are ${now.length} lines, and were ${lines.length}: mend one, and keep the others.`;
    else
      says.textContent = which ? `Lines ${which} are changed: mend only one, and undo the others.` : "Mend one line.";
    changed();
  }

  const node = el("div", { class: "typed" }, el("label", { for: "mended" }, "The program"), area, says);
  new Editor(area);
  return {
    node,
    text: () => {
      const { now, others, one } = mended();
      return one ? `${others[0] + 1}: ${now[others[0]]}` : "";
    },
  };
}
