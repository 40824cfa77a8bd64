// One stream of live signals for all tabs of this browser, made into events on <body>:
//   live:agency, live:staff, live:calls, live:case … (detail.topics), at most one of a kind each 300 ms,
//   live:refresh after every (re)connect, because nothing is kept for those who were away.
// The tab that holds the lock has the stream and tells the others; when it closes, another takes over. Where the
// browser has no locks (plain http on a far host), each tab has its own stream.
const address = document.body.dataset.liveAddress;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("citycall-live") : null;
const waiting = new Map();
const GATHER = 300;

function say(kind, topics) {
  document.body.dispatchEvent(new CustomEvent(`live:${kind}`, { detail: { topics } }));
}

function gather(topic) {
  const kind = topic.split(":", 1)[0];
  if (waiting.has(kind)) {
    waiting.get(kind).add(topic);
    return;
  }
  waiting.set(kind, new Set([topic]));
  setTimeout(() => {
    const topics = [...waiting.get(kind)];
    waiting.delete(kind);
    say(kind, topics);
  }, GATHER);
}

function show(state) {
  for (const sign of document.querySelectorAll("[data-live]")) sign.dataset.live = state;
}

// What arrives, from the stream or from the tab that has it.
function take({ kind, topics }) {
  if (kind === "signal") topics.forEach(gather);
  else if (kind === "refresh") {
    show("on");
    say("refresh", []);
  } else if (kind === "off") show("off");
  else if (kind === "out") signedOut();
}

function tell(message) {
  take(message);
  channel?.postMessage(message);
}

function signedOut() {
  show("off");
  document.body.dispatchEvent(new CustomEvent("live:out"));
}

function listen() {
  return new Promise((end) => {
    let wait = 1000;
    const open = () => {
      const stream = new EventSource(address);
      stream.addEventListener("signal", (event) => tell({ kind: "signal", topics: event.data.split(" ") }));
      stream.addEventListener("refresh", () => {
        wait = 1000;
        tell({ kind: "refresh" });
      });
      stream.addEventListener("out", () => {
        stream.close();
        tell({ kind: "out" });
        end();
      });
      stream.onerror = () => {
        tell({ kind: "off" });
        if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
        // Refused, not only cut: try again, ever more seldom.
        setTimeout(open, wait);
        wait = Math.min(wait * 2, 30000);
      };
      addEventListener("pagehide", () => stream.close(), { once: true });
    };
    open();
  });
}

if (address) {
  channel?.addEventListener("message", (event) => {
    if (event.data.kind === "hello") {
      if (leading) channel.postMessage({ kind: leading });
    } else take(event.data);
  });
  let leading = "";
  for (const [name, state] of [["live:refresh", "state-on"], ["live:out", "out"]]) {
    document.body.addEventListener(name, () => { if (leading) leading = state; });
  }
  if (channel && navigator.locks) {
    navigator.locks.request("citycall-live", () => {
      leading = "off";
      return listen();
    });
    channel.postMessage({ kind: "hello" });
    channel.addEventListener("message", (event) => { if (event.data.kind === "state-on") show("on"); });
  } else listen();
  // A page taken from the back/forward cache has lost its stream and its news.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
