// The call on the line: its number comes onto the card, and what was typed there stays.
const form = document.getElementById("case-form");
const calls = document.getElementById("calls");
const { call, phone, words } = form.elements;
let filled = phone.value === (calls.querySelector("[data-call]")?.dataset.phone ?? "") ? phone.value : "";

calls.addEventListener("htmx:afterSwap", () => {
  const line = calls.querySelector("[data-call]")?.dataset;
  if (!line || line.call === call.value) return;
  call.value = line.call;
  if (phone.value && phone.value !== filled) return; // typed by hand
  phone.value = filled = line.phone;
  phone.dispatchEvent(new CustomEvent("typed", { bubbles: true }));
});

document.body.addEventListener("answered", () => {
  if (!words.value) words.focus();
});

// F2 answers also while a field is being typed in, where single letters are letters.
addEventListener("keydown", (event) => {
  if (event.key !== "F2" || event.isComposing) return;
  const answer = document.getElementById("answer");
  if (!answer || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  answer.click();
});

document.body.addEventListener("simulated", () => {
  const dialog = document.getElementById("simulate");
  dialog.querySelector("form").reset();
  dialog.close();
});
