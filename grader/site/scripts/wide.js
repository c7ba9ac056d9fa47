// What is wider than its place scrolls sideways: tables, programs, formulas. Then it is a stop for the keyboard, too.

const WIDE = '.wide, pre, math[display="block"]';

function look() {
  for (const node of document.querySelectorAll(WIDE)) {
    if (node.scrollWidth > node.clientWidth) node.setAttribute("tabindex", "0");
    else node.removeAttribute("tabindex");
  }
}

addEventListener("resize", look);
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
