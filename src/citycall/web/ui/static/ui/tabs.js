// On a narrow screen a row of tabs is wider than the page: the present one is brought into sight, sideways only.
function show(row) {
  const present = row.querySelector("[aria-current]");
  if (!present || row.scrollWidth <= row.clientWidth) return;
  const tab = present.getBoundingClientRect(), box = row.getBoundingClientRect();
  row.scrollLeft += tab.left - box.left - (box.width - tab.width) / 2;
}

const rows = () => document.querySelectorAll(".tabs, .areas").forEach(show);
rows();
addEventListener("resize", rows);
document.fonts?.ready.then(rows);
document.body.addEventListener("htmx:afterSettle", (event) => event.target.querySelectorAll?.(".tabs").forEach(show));
