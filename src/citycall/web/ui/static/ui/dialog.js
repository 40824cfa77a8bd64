// Dialogs and the account menu: opened by data-opens="id", closed by data-closes, Esc or a click beside them.
// The browser keeps the focus inside and gives it back.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    closeMenus();
    document.getElementById(opener.dataset.opens)?.showModal();
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) {
    closer.closest("dialog")?.close();
    return;
  }
  if (event.target.matches("dialog[open]")) beside(event);
  if (!event.target.closest("[data-menu]")) closeMenus();
});

function beside(event) {
  const sheet = event.target.getBoundingClientRect();
  const inside = event.clientX >= sheet.left && event.clientX <= sheet.right && event.clientY >= sheet.top && event.clientY <= sheet.bottom;
  const typed = [...event.target.querySelectorAll("textarea, input:not([type=hidden])")].some((one) => one.value !== one.defaultValue);
  if (!inside && event.detail && !typed) event.target.close();
}

function closeMenus() {
  for (const menu of document.querySelectorAll("[data-menu][open]")) menu.open = false;
}

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("[data-menu][open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A dialog that came with something wrong in it opens by itself.
for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();
document.body.addEventListener("htmx:afterSettle", (event) => {
  for (const dialog of event.target.querySelectorAll?.("dialog[data-open]:not([open])") ?? []) dialog.showModal();
});
