// Ticks the running limits once a second, in the words of words.py, by the server's clock.
const words = JSON.parse(document.getElementById("ui-words").textContent);
const meta = document.querySelector("meta[name=server-now]");
const ahead = Date.parse(meta.content) - Date.now();
const MINUTE = 60, HOUR = 3600, DAY = 86400;

const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function span(seconds) {
  if (seconds >= 2 * DAY) return fill(words.days, { n: Math.floor(seconds / DAY) });
  const h = Math.floor(seconds / HOUR), m = Math.floor((seconds % HOUR) / MINUTE);
  if (h >= 6 || (h && !m)) return fill(words.hours, { n: h });
  if (h) return fill(words.both, { h, m });
  if (m) return fill(words.minutes, { n: m });
  return fill(words.seconds, { n: seconds });
}

function tick() {
  const now = Date.now() + ahead;
  for (const clock of document.querySelectorAll(".clock[data-ticks]")) {
    const left = Math.trunc((Date.parse(clock.dateTime) - now) / 1000);
    const late = Date.parse(clock.dateTime) < now;
    const said = !late ? fill(words.left, { span: span(left) })
      : left > -MINUTE ? words.just : fill(words.late, { span: span(-left) });
    const state = late ? "late" : now >= Date.parse(clock.dataset.soon) ? "soon" : "running";
    const place = clock.querySelector(".clock-words");
    if (place.textContent !== said) place.textContent = said;
    if (clock.dataset.state !== state) clock.dataset.state = state;
  }
}

if (!("still" in meta.dataset)) {
  tick();
  setInterval(tick, 1000);
  document.body.addEventListener("htmx:afterSettle", tick);
}
