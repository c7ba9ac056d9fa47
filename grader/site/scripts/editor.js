// An editor of Python. A text area is one already, and always holds the text; CodeMirror takes its place as soon as
// it is near the window, if it can be loaded. A script that sets the value of the area sends it a `change`.

const NEAR = "100%"; // of the window's height
const THEME = {
  "&": { border: "1px solid var(--muted)", borderRadius: ".35rem", background: "var(--card)", color: "var(--ink)" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { font: ".84375rem/1.55 var(--fixed)", maxHeight: "85vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: ".45rem 0" },
  ".cm-gutters": { background: "var(--card)", color: "var(--muted)", border: "0" },
  ".cm-activeLine": { background: "var(--paper)" },
  ".cm-activeLineGutter": { background: "var(--paper)", color: "var(--ink)" },
  "&.cm-focused .cm-matchingBracket": { background: "none", outline: "1px solid var(--accent)" },
};

/** Edits the text of an area. */
export class Editor {
  #area;
  #view = null;
  #shown; // of a place in the text, what scrolls there

  /**
   * @param {HTMLTextAreaElement} area has a label, which names the editor
   * @param {() => void} [run] what Ctrl and Enter do
   */
  constructor(area, run) {
    this.#area = area;
    this.host = document.createElement("div"); // where CodeMirror is, once it is
    this.host.className = "code-editor";
    area.addEventListener("change", () => this.#take());
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run?.();
    });
    const watcher = new IntersectionObserver(
      ([{ isIntersecting }]) => {
        if (!isIntersecting) return;
        watcher.disconnect();
        import("./codemirror.js").then((parts) => this.#replace(parts, run)).catch(() => {}); // the area stays
      },
      { rootMargin: NEAR },
    );
    watcher.observe(area);
  }

  /** Put the cursor at the beginning of a line, from 1, and show it. */
  goTo(line) {
    const before = this.#area.value.split("\n").slice(0, line - 1);
    const at = Math.min(before.join("\n").length + (line > 1), this.#area.value.length);
    if (this.#view) {
      this.#view.focus(); // first: Firefox puts the cursor where it was
      this.#view.dispatch({ selection: { anchor: at }, effects: this.#shown(at) });
    } else {
      this.#area.setSelectionRange(at, at);
      this.#area.blur(); // to focus it anew scrolls there
      this.#area.focus();
    }
  }

  /** Show what a script has put into the area. */
  #take() {
    const { doc } = this.#view?.state ?? {};
    if (!doc || doc.toString() === this.#area.value) return;
    this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: this.#area.value } });
  }

  #replace(parts, run) {
    const area = this.#area;
    const focused = document.activeElement === area;
    const { EditorState, EditorView, keymap } = parts;
    const heard = EditorView.updateListener.of(({ docChanged, state }) => {
      if (!docChanged) return;
      area.value = state.doc.toString();
      area.dispatchEvent(new Event("input"));
    });
    const name = area.labels[0].textContent;
    const order = () => (run?.(), true);
    const keys = [{ key: "Ctrl-Enter", run: order }, { key: "Cmd-Enter", run: order }, parts.indentWithTab];
    const said = `Tab indents; Escape, then Tab, leaves the editor${run ? "; Ctrl+Enter checks it" : ""}`;
    const extensions = [
      keymap.of([...keys, ...parts.defaultKeymap, ...parts.historyKeymap]),
      parts.history(),
      parts.lineNumbers(),
      parts.highlightActiveLine(),
      parts.bracketMatching(),
      parts.pythonLanguage,
      parts.indentUnit.of("    "),
      parts.syntaxHighlighting(parts.HighlightStyle.define(colours(parts.tags))),
      EditorView.theme(THEME),
      EditorView.contentAttributes.of({ "aria-label": name, "aria-description": said, tabindex: "0" }),
      heard,
    ];
    // In a shadow root its style sheets are objects, which the page's policy lets through without an exception.
    const root = this.host.attachShadow({ mode: "open" });
    const state = EditorState.create({ doc: area.value, extensions });
    this.#view = new EditorView({ state, parent: root, root });
    this.#shown = (at) => EditorView.scrollIntoView(at, { y: "center" });
    area.before(this.host);
    area.hidden = true;
    const help = document.createElement("p");
    help.className = "quiet";
    help.textContent = `${said}.`;
    area.after(help);
    area.labels[0].addEventListener("click", () => this.#view.focus());
    if (focused) this.#view.focus();
  }
}

const colours = (tags) => [
  { tag: [tags.keyword, tags.operator], color: "var(--accent)" },
  { tag: tags.string, color: "var(--passed)" },
  { tag: tags.comment, color: "var(--muted)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--error)" },
];
