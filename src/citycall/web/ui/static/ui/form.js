// Forms are sent once, with a token that is not stale, and not left by mistake. Nothing typed is ever stored.
const BIGGEST = 20 * 1024 * 1024;
const words = JSON.parse(document.getElementById("ui-words").textContent);
const changed = new Set();

function token() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  const hidden = form.elements.namedItem("csrfmiddlewaretoken");
  if (hidden && token()) hidden.value = token();
  changed.delete(form);
  if ([...form.attributes].some(({ name }) => name === "hx-post")) return; // htmx marks these itself
  form.dataset.sending = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});

// Back to a page that was left by sending: its buttons work again. A form that is for one caller (data-fresh) is
// asked for anew, so that nothing of the last one stands in it.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("form[data-fresh]")) {
    changed.clear();
    location.reload();
    return;
  }
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }
});

document.body.addEventListener("htmx:configRequest", (event) => {
  if (token()) event.detail.headers["X-CSRFToken"] = token();
});
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("form")) event.target.querySelectorAll("[type=submit]").forEach((one) => one.setAttribute("aria-busy", "true"));
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches("form")) event.target.querySelectorAll("[aria-busy]").forEach((one) => one.removeAttribute("aria-busy"));
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && form.method === "post" && !("unguarded" in form.dataset)) changed.add(form);
});
addEventListener("beforeunload", (event) => {
  for (const form of changed) {
    if (form.isConnected) {
      event.preventDefault();
      return;
    }
  }
});

// What is wrong is read out first.
document.querySelector("[data-error-summary]")?.focus();

// Files: shown before they are sent, and too large ones refused before they are sent for nothing.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!input.matches("input[type=file][data-preview]")) return;
  const place = document.querySelector(`[data-previews-of="${CSS.escape(input.id)}"]`);
  if (!place) return;
  place.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
  let tooBig = false;
  place.replaceChildren(...[...input.files].map((file) => {
    const card = document.createElement("figure");
    card.className = "preview";
    if (file.type.startsWith("image/") && file.type !== "image/heic") {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = "";
      card.append(image);
    }
    const caption = document.createElement("figcaption");
    const size = (file.size / 1048576).toFixed(1);
    caption.textContent = `${file.name} · ${size} MB`;
    if (file.size > BIGGEST) {
      tooBig = true;
      card.classList.add("too-big");
      caption.textContent += ` · ${words.tooBig}`;
    }
    card.append(caption);
    return card;
  }));
  input.setCustomValidity(tooBig ? words.tooBig : "");
});

// The session ended elsewhere: say so, leave the page as it is.
document.body.addEventListener("live:out", () => {
  const place = document.getElementById("notices");
  if (!place || place.querySelector("[data-signed-out]")) return;
  const banner = document.createElement("div");
  banner.className = "notice late";
  banner.setAttribute("role", "alert");
  banner.dataset.signedOut = "";
  const body = document.createElement("div");
  body.className = "notice-body";
  const text = document.createElement("p");
  text.textContent = words.signedOut;
  const link = document.createElement("a");
  link.className = "button primary";
  link.href = document.body.dataset.signIn;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = words.signIn;
  body.append(text, link);
  banner.append(body);
  place.append(banner);
});
