// The list by keyboard: J and K move from row to row, S signs the chosen one (the first, when none is chosen).
// The list is drawn anew when something changes; what is chosen and ticked stays so.
const picked = new Set();
let chosen = null;
let place = 0;

const rows = () => [...document.querySelectorAll("#inbox-list tbody tr")];
const link = (row) => row.querySelector("a.row-link");

function show() {
  const all = rows();
  const at = all.findIndex((row) => row.id === chosen);
  const target = all[Math.max(at, 0)];
  for (const row of all) row.classList.toggle("selected", row === target && at >= 0);
  const signs = all.map((row) => row.querySelector("[data-sign]"));
  for (const button of signs) button?.removeAttribute("data-key");
  const button = at >= 0 ? signs[at] : signs.find(Boolean);
  if (button) button.dataset.key = "s";
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.id === chosen);
  place = Math.min(Math.max(at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by, 0), all.length - 1);
  chosen = all[place].id;
  link(all[place])?.focus();
  all[place].scrollIntoView({ block: "nearest" });
  show();
}

function count() {
  const boxes = [...document.querySelectorAll("#inbox-list input[name=case]")];
  for (const box of boxes) if (box.checked) picked.add(box.value); else picked.delete(box.value);
  const there = new Set(boxes.map((box) => box.value));
  for (const value of picked) if (!there.has(value)) picked.delete(value);
  const button = document.querySelector("[data-sign-picked]");
  if (button) button.disabled = picked.size === 0;
  for (const act of document.querySelectorAll("[data-many]")) act.disabled = picked.size === 0;
  for (const words of document.querySelectorAll("[data-picked-words]")) words.hidden = picked.size === 0;
  for (const sign of document.querySelectorAll("[data-picked-count]")) sign.textContent = String(picked.size);
}

document.addEventListener("change", (event) => { if (event.target.matches("#inbox-list input[name=case]")) count(); });
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("#inbox-list tbody tr");
  if (!row) return;
  chosen = row.id;
  place = rows().indexOf(row);
  show();
});
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]") || event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
  const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || (event.key.startsWith("Arrow") && !chosen) || !rows().length) return;
  event.preventDefault();
  move(by);
});
document.body.addEventListener("htmx:afterSettle", () => {
  for (const box of document.querySelectorAll("#inbox-list input[name=case]")) box.checked = picked.has(box.value);
  const all = rows();
  if (chosen && !all.some((row) => row.id === chosen)) chosen = all[Math.min(place, all.length - 1)]?.id ?? null;
  count();
  show();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  if (event.target.closest("[data-pick-all]")) {
    const boxes = [...document.querySelectorAll("#inbox-list input[name=case]")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
    count();
  }
});
count();
show();
