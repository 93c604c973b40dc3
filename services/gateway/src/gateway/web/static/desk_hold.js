// A time that is kept while somebody talks with the patient: for ten minutes, and not longer than the dialogue is open.

import { call, once } from "./api.js";
import { h } from "./dom.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";

/** One hold at a time. `take(order)` keeps it, `used()` after it was booked, `release()` gives it back. */
export function holding() {
  const sent = once();
  let held = null;
  let ticking = null;

  const path = () => `/holds/${held.id}/release`;
  // A page that is closed has no time for an answer.
  const leaving = () => held && navigator.sendBeacon(`/api/v1${path()}`, new Blob(["{}"], { type: "application/json" }));

  function forget() {
    clearInterval(ticking);
    window.removeEventListener("pagehide", leaving);
    held = null;
  }

  async function take(order) {
    await release();
    held = (await sent("/holds", order)).appointment;
    window.addEventListener("pagehide", leaving);
    return held;
  }

  async function release() {
    if (!held) return;
    const given = path();
    forget();
    // What cannot be given back now runs out by itself.
    await call("POST", given).catch(() => null);
  }

  /** Until when it is held, counting down; `taken` books it, `back` chooses another. */
  function panel(text, { taken, back }) {
    const left = h("strong", { role: "timer", class: "countdown" });
    const said = h("p", { class: "visually-hidden", role: "status" });
    const book = h("button", { type: "button", class: "primary", onclick: taken }, t("book"));
    const until = Date.parse(held.held_until);
    const tick = () => {
      const seconds = Math.max(0, Math.round((until - Date.parse(moments.now())) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds === 60) said.textContent = t("hold_minute");
      if (seconds > 0) return;
      said.textContent = t("hold_over");
      book.disabled = true;
      forget();
    };
    clearInterval(ticking);
    ticking = setInterval(tick, 1000);
    tick();
    return h(
      "div",
      { class: "notice held" },
      h("p", {}, t("held_for", { when: text }), " ", left),
      said,
      h("div", { class: "actions" }, book, h("button", { type: "button", class: "secondary", onclick: back }, t("hold_back"))),
    );
  }

  return { take, used: forget, release, panel };
}
