// Only what belongs to the chosen end is shown. Without this script all of it is, and the server says what is lacking.
const form = document.getElementById("dispose-form");

function show() {
  const end = form.elements.namedItem("outcome")?.value;
  const way = form.elements.namedItem("way")?.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== end;
  for (const part of form.querySelectorAll("[data-for-way]")) part.hidden = part.dataset.forWay !== way;
}

form.addEventListener("input", show);
show();
