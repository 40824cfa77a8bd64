// Printing what is on the screen; the browser's own way works as well.
for (const button of document.querySelectorAll("[data-prints]")) button.addEventListener("click", () => print());
