// Keyboard shortcuts, declared where they act: data-key="n", "ctrl+enter", "g i" (one after the other), "/".
// Pressing one clicks the element, or puts the cursor into it. `?` lists those of this screen. Single letters do
// nothing while typing and can be switched off (WCAG 2.1.4); that choice is all that is kept in the browser.
const OFF = "citycall-keys-off";
const TYPING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
let before = "";
let forget = 0;

const dialog = () => document.getElementById("keys");
const off = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
const mac = /mac|iphone|ipad/i.test(navigator.platform);

function name(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && event.key.length > 1) parts.push("shift");
  parts.push(event.key.toLowerCase());
  return parts.join("+");
}

function shown(element) {
  return element.getClientRects().length > 0 && !element.disabled && element.ariaDisabled !== "true";
}

// In an open dialog only its own shortcuts work; those of the form that is being filled in come first; elsewhere
// the last one on the page wins over the bar's. What sends a form never sends one of several by guessing.
function find(key) {
  const root = document.querySelector("dialog[open]") ?? document;
  const all = [...root.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter(shown);
  const form = document.activeElement?.closest("form");
  const own = form ? all.filter((one) => (one.form ?? one.closest("form")) === form) : [];
  if (own.length) return own.at(-1);
  if (key === "ctrl+enter" && new Set(all.map((one) => one.form)).size > 1) return undefined;
  return all.at(-1);
}

function act(element) {
  if (element.matches(TYPING)) {
    element.focus();
    element.select?.();
  } else element.click();
}

addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return; // an input method is at work
  if (["Control", "Alt", "Shift", "Meta"].includes(event.key)) return;
  const pressed = name(event);
  const plain = !/^(ctrl|alt)\+/.test(pressed) && !/^f\d+$/.test(pressed);
  if (plain && (event.target.closest?.(TYPING) || off())) return;
  const sequence = before ? `${before} ${pressed}` : "";
  before = "";
  clearTimeout(forget);
  const found = (sequence && find(sequence)) || find(pressed);
  if (found) {
    event.preventDefault();
    act(found);
  } else if (pressed === "?" && dialog() && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    list();
    dialog().showModal();
  } else if (plain && document.querySelector(`[data-key^="${CSS.escape(pressed)} "]`)) {
    before = pressed;
    forget = setTimeout(() => { before = ""; }, 1200);
  }
});

const SAID = { ctrl: mac ? "⌘" : "Ctrl", alt: "Alt", shift: "Shift", enter: "Enter", escape: "Esc", arrowup: "↑", arrowdown: "↓" };

function list() {
  const place = dialog().querySelector("[data-key-list]");
  const seen = new Map();
  for (const element of document.querySelectorAll("[data-key]")) if (shown(element)) seen.set(element.dataset.key, element);
  place.replaceChildren();
  for (const [key, element] of seen) {
    const term = document.createElement("dt");
    for (const [at, step] of key.split(" ").entries()) {
      if (at) term.append(" ");
      const cap = document.createElement("kbd");
      cap.textContent = step.split("+").map((part) => SAID[part] ?? part.toUpperCase()).join(" + ");
      term.append(cap);
    }
    const what = document.createElement("dd");
    const label = element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent;
    what.textContent = (label ?? (element.querySelector(".button-words") ?? element).textContent).trim();
    place.append(term, what);
  }
  dialog().querySelector("[data-key-none]").hidden = seen.size > 0;
}

document.addEventListener("click", (event) => { if (event.target.closest("[data-opens=keys]")) list(); }, true);
const choice = document.querySelector("[data-key-switch]");
if (choice) {
  choice.checked = !off();
  choice.addEventListener("change", () => { try { localStorage.setItem(OFF, choice.checked ? "0" : "1"); } catch { /* not kept */ } });
}
