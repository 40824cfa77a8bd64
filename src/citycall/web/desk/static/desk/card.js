// The card: what is typed is looked up as it is typed, but never while an input method is still composing.
// Nothing here keeps what was typed; it stays in the form.
const form = document.querySelector("form.desk-form");
const words = form.elements.namedItem("words");
const picked = form.elements.namedItem("picked");
const items = document.getElementById("items");
let looked = chosen();

function radios() {
  return [...items.querySelectorAll("input[type=radio]")];
}

function chosen() {
  return radios().find((one) => one.checked)?.value ?? "";
}

// htmx waits for `typed`: of the words it looks for items, of anything else it looks at the whole card.
function typed(field) {
  field.dispatchEvent(new CustomEvent("typed", { bubbles: field !== words }));
}

// Some kinds of case ask for more: the agency where there is no item, a category, who was told by telephone.
// And each has its own that it cannot do without.
const asks = form.querySelector("[data-asks]");
const blocks = [...form.querySelectorAll("[data-asks], [data-asks-below]")];
const asked = asks ? JSON.parse(asks.dataset.asks) : {};
const needs = JSON.parse(form.dataset.needs);
const always = new Set([...form.querySelectorAll("[data-needed]")]
  .map(({ dataset }) => dataset.needed).filter((name) => form.elements.namedItem(name)?.required));

// Marks with which who reports is rung back first; and how reporters of each kind may wish to be answered.
const rungBack = JSON.parse(form.dataset.rungBack || "[]");
const ways = JSON.parse(form.dataset.ways || "{}");

function offerWays(kind) {
  const wish = form.elements.namedItem("reply_by");
  for (const one of wish?.options ?? []) {
    const offered = !one.value || one.value === "none" || !ways[kind] || ways[kind].includes(one.value);
    one.hidden = one.disabled = !offered;
    if (!offered && one.selected) wish.value = "";
  }
}

function markNeeded(kind, item) {
  const { always: wanted = ["words"], who = [] } = needs[kind] ?? {};
  const needed = new Set([...always, ...wanted, ...(item && "unnamed" in item.dataset ? [] : who)]);
  if (item) needed.delete("agency");
  if (rungBack.some((code) => form.querySelector(`input[name=marks][value="${code}"]`)?.checked)) needed.add("phone");
  for (const mark of form.querySelectorAll("[data-needed]")) {
    const { needed: name } = mark.dataset;
    mark.hidden = !needed.has(name);
    form.elements.namedItem(name)?.setAttribute?.("aria-required", String(needed.has(name)));  // not on a list
  }
}

function showAsked() {
  const item = radios().find((one) => one.checked && one.value);
  const kind = form.elements.namedItem("filed_as")?.value || item?.dataset.kind;
  offerWays(kind);
  if (!asks) return void markNeeded(kind, item);
  for (const field of blocks.flatMap((block) => [...block.children])) {
    const name = field.dataset.field;
    const wanted = (asked[kind] ?? []).includes(name) && !(name === "agency" && item);
    field.hidden = !wanted && !field.matches(".has-error, :has(.has-error)");
  }
  const bears = JSON.parse(asks.dataset.marks || "{}")[kind] ?? [];
  for (const mark of form.querySelectorAll("input[name=marks]")) {
    mark.closest("label").hidden = !bears.includes(mark.value);
    if (!bears.includes(mark.value)) mark.checked = false;
  }
  for (const block of blocks) block.hidden = [...block.children].every((field) => field.hidden);
  markNeeded(kind, item);
}

form.addEventListener("input", (event) => {
  if (event.isComposing) return;
  if (event.target.name === "filed_as") typed(words);
  if (event.target.name === "item") {
    picked.value = event.target.value;
    looked = event.target.value;
  }
  showAsked();
  typed(event.target);
});
form.addEventListener("compositionend", (event) => typed(event.target));

function said() {
  document.getElementById("items-say").textContent = items.querySelector("[data-says]")?.dataset.says ?? "";
  // An answer to what was asked before the item was picked knows nothing of it: the choice stays.
  const mine = picked.value && radios().find((one) => one.value === picked.value);
  if (mine) mine.checked = true;
  showAsked();
}

items.addEventListener("htmx:afterSwap", () => {
  said();
  if (chosen() === looked) return;
  looked = chosen();
  form.dispatchEvent(new CustomEvent("typed"));
});

// What is known of the card comes with the items it points at. They change only where they differ, not under
// the hand of somebody choosing, and not after other words were looked for meanwhile.
items.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { fragment } = event.detail;
  const names = (root) => [...root.querySelectorAll(".item")].map((one) => one.textContent).join("\n");
  const first = fragment.querySelector("input[type=radio]:checked")?.value ?? "";
  const same = names(fragment) === names(items) && first === chosen();
  const other = fragment.querySelector("[data-for]")?.dataset.for !== words.value;
  if (same || other || items.contains(document.activeElement)) event.detail.shouldSwap = false;
});
items.addEventListener("htmx:oobAfterSwap", () => {
  const before = looked;
  said();
  looked = chosen();
  if (picked.value && looked !== before) form.dispatchEvent(new CustomEvent("typed"));
});

// From the words the arrows choose the item, from place and report the arrows with Alt; Enter goes on to the
// next field that most matters need, past marks and points, which Tab reaches; only Ctrl+Enter files the case.
form.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = radios();
  const here = event.target === words || (event.altKey && ["address", "description"].includes(event.target.name));
  if (!here || !step || event.isComposing || !all.length) return;
  event.preventDefault();
  const at = all.findIndex((one) => one.checked);
  const next = all.at(at < 0 && step < 0 ? -1 : (at + step) % all.length);
  next.checked = true;
  next.dispatchEvent(new Event("input", { bubbles: true }));
});

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
  if (!event.target.matches("input, select")) return;
  event.preventDefault();
  const fields = [...form.elements].filter((one) =>
    one.matches("input:not([type=hidden], [type=radio]), select, textarea") && !one.closest("[hidden]"));
  const from = event.target.name === "item" ? words : event.target;
  const after = fields.slice(fields.indexOf(from) + 1);
  (after.find((one) => one.type !== "checkbox" && one.name !== "point") ?? after[0])?.focus();
});

// The district, where the address leaves a few open.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-district]");
  if (!button) return;
  const district = form.elements.namedItem("district");
  district.value = button.dataset.district;
  district.focus();
  typed(district);
});

// The call was made just now: the minute it is, by the server's clock and in the government's own time.
const ahead = Date.parse(document.querySelector("meta[name=server-now]").content) - Date.now();
for (const button of form.querySelectorAll("[data-now]")) {
  const field = document.getElementById(button.dataset.now);
  button.hidden = false;
  button.addEventListener("click", () => {
    const there = new Date(Date.now() + ahead).toLocaleString("sv-SE", { timeZone: "Asia/Taipei" });
    field.value = there.slice(0, 16).replace(" ", "T");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

// A time of which half is typed would be sent as none at all, and be lost.
form.addEventListener("submit", (event) => {
  const half = [...form.elements].find((one) => one.validity?.badInput);
  if (!half) return;
  event.preventDefault();
  half.reportValidity();
});

showAsked();
if (form.elements.namedItem("address").value || chosen()) form.dispatchEvent(new CustomEvent("typed"));

// Who types as soon as the field has the focus may be ahead of this script: what stands there is looked up.
window.addEventListener("load", () => {
  if (words.value.trim() && !chosen()) typed(words);
});
