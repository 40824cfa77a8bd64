// Sample governments only: one click fills in a sample account.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill-username]");
  if (!button) return;
  const form = document.querySelector("form");
  form.elements.username.value = button.dataset.fillUsername;
  form.elements.password.value = button.dataset.fillPassword;
  form.querySelector("[type=submit]").focus();
});
