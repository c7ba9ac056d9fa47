// Small helpers for pages: elements without markup in strings, and markup from Python that is made safe.

/** Make an element; attributes that are functions listen, true and false set or leave out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** A button that does something. */
export const button = (label, click, attributes = {}) =>
  el("button", { type: "button", click, ...attributes }, label);

const MATHS =
  "math mrow mi mn mo ms mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot mtable mtr mtd mstyle mpadded mphantom menclose";
const TEXT =
  "p div span section h2 h3 h4 h5 h6 ul ol li em strong b i code pre br hr table caption thead tbody tfoot tr th td blockquote small details summary sub sup dl dt dd a";
const ELEMENTS = new Set(`${MATHS} ${TEXT}`.split(" "));
const ATTRIBUTES = new Set(
  "class href title role aria-label aria-hidden scope colspan rowspan start display stretchy fence separator form accent accentunder columnalign rowalign columnspacing rowspacing linethickness mathvariant minsize maxsize width height depth lspace rspace movablelimits".split(
    " ",
  ),
);

/**
 * Return markup as nodes, with nothing in it that acts: only elements of text and mathematics, no address but
 * https ones. Python makes the markup, in an interpreter that student code may have shared.
 */
export function safe(markup) {
  const parsed = new DOMParser().parseFromString(String(markup).slice(0, 4_000_000), "text/html");
  const fragment = document.createDocumentFragment();
  for (const node of [...parsed.body.childNodes]) fragment.append(...cleaned(node));
  return fragment;
}

function cleaned(node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const name = node.localName;
  if (["script", "style", "template", "iframe", "object", "noscript"].includes(name)) return [];
  const children = [...node.childNodes].flatMap(cleaned);
  if (!ELEMENTS.has(name)) return children;
  const copy = document.createElementNS(node.namespaceURI, name);
  for (const { name: key, value } of [...node.attributes]) {
    const address = key !== "href" || value.startsWith("https://") || value.startsWith("#");
    if (ATTRIBUTES.has(key) && address) copy.setAttribute(key, value);
  }
  copy.append(...children);
  return [copy];
}

/** Credits from hundredths, as the terminal writes them. */
export const credits = (cents) => (cents / 100).toFixed(2);

/** Let the browser save a file. */
export function save(name, data, type) {
  const address = URL.createObjectURL(new Blob([data], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
