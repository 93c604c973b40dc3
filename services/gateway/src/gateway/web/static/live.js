// What happens in the network, as it happens; best effort, so that every new connection means looking anew.

const SILENCE = 40_000; // the gateway says something every 15 seconds
const LONGEST_PAUSE = 10_000;

/**
 * Read the gateway's server-sent events. `onchange(event)` on news and once it listens, `onstate` with
 * "live", "reconnecting" or "offline", `onover` when the session has ended.
 *
 * Not EventSource: it hears only events whose names it was told, and cannot tell a refusal from a lost line.
 */
export function follow({ onchange, onstate, onover }) {
  let pause = 0;
  let abort = null;
  let again = null;

  const state = () => onstate(navigator.onLine ? "reconnecting" : "offline");

  async function connect() {
    clearTimeout(again);
    state();
    abort = new AbortController();
    const mine = abort;
    try {
      const response = await fetch("/api/v1/events", { headers: { Accept: "text/event-stream" }, signal: mine.signal });
      if (response.status === 401) {
        onover();
        return;
      }
      if (!response.ok) throw new Error("refused");
      pause = 0;
      await read(response.body, mine);
    } catch {
      // Whatever broke the line, the answer is the same: come back.
    }
    if (mine !== abort) return;
    state();
    pause = Math.min(LONGEST_PAUSE, pause ? pause * 2 : 500);
    again = setTimeout(connect, pause);
  }

  async function read(body, mine) {
    const lines = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const silent = setTimeout(() => mine.abort(), SILENCE);
      const { done, value } = await lines.read();
      clearTimeout(silent);
      if (done) return;
      rest += value;
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) told(block);
    }
  }

  function told(block) {
    const data = block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
    if (!data) return;
    const event = JSON.parse(data);
    if (event.event === "session-over") onover();
    else if (event.event === "hello") listening();
    else onchange(event);
  }

  /** From here on everything is told; what happened before that is not, not even since the page looked first. */
  function listening() {
    onstate("live");
    onchange({ event: "reload" });
  }

  window.addEventListener("offline", () => {
    state();
    abort?.abort();
  });
  window.addEventListener("online", () => {
    pause = 0;
    abort?.abort();
    connect();
  });
  connect();
}
