// Lists that are looked at again and again: whose answer is drawn, when, and where the keyboard is afterwards.

import { fill, h, holdKeyboard } from "./dom.js";

/** Milliseconds: how often a press is looked at, how long news is gathered, when what is missing is asked for again. */
const GLANCE = 20;
const MOMENT = 150;
const WHILE = 5_000;
const PRESSED = ["a", "button", "summary", "label", "input"].map((one) => `${one}:active`).join(", ");

const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

/** Until nothing is being pressed: of what is drawn anew between the press and its release, nobody's click arrives. */
async function letGo() {
  while (document.querySelector(PRESSED)) await pause(GLANCE);
}

/**
 * A question to be asked again at will: `ask()` answers, `draw(answer)` shows it, `refused(problem)` says why not. Of
 * several on their way only the newest is shown; whoever waits for an earlier one waits until that is.
 */
export function looking(ask, draw, refused) {
  let asked = 0;
  let newest = null;

  async function look(mine) {
    try {
      const answer = await ask();
      await letGo();
      if (mine === asked) draw(answer);
    } catch (problem) {
      if (mine === asked) refused(problem);
    }
  }

  return async () => {
    newest = look((asked += 1));
    let seen = null;
    while (seen !== newest) {
      seen = newest;
      await seen;
    }
  };
}

/** `load` as the answer to news, which comes in bursts: gathered for a moment, and never two looks at a time. */
export function calmly(load) {
  let running = false;
  let missed = false;
  return async () => {
    missed = true;
    if (running) return;
    running = true;
    while (missed) {
      await pause(MOMENT);
      missed = false;
      await load();
    }
    running = false;
  };
}

/** `load` after a while by itself, where something was missing. Asked for again before that, it waits anew. */
export function later(load) {
  let waiting = null;
  return (milliseconds = WHILE) => {
    clearTimeout(waiting);
    waiting = setTimeout(load, milliseconds);
  };
}

/** Look now, and again as many milliseconds after each answer. */
export async function watching(load, milliseconds) {
  for (;;) {
    await load();
    await pause(milliseconds);
  }
}

const claims = new WeakMap();

/** A place that several questions answer into is the newest's: what this returns says whether it still is. */
export function claim(host) {
  const mine = {};
  claims.set(host, mine);
  return () => claims.get(host) === mine;
}

/** The answer of `ask()` into `host` by `draw(answer)`, or why there is none. */
export async function answerInto(host, ask, draw) {
  const newest = claim(host);
  host.setAttribute("aria-busy", "true");
  let show;
  try {
    const answer = await ask();
    show = () => draw(answer);
  } catch (problem) {
    show = () => fill(host, h("p", { class: "notice is-error", role: "alert" }, problem.text));
  }
  if (!newest()) return;
  host.removeAttribute("aria-busy");
  show();
}

/**
 * Draw `host` or a part of it anew, and leave the keyboard where it is, or at the control that has the same `data-key`.
 * Where that is gone it goes to the row that has the same, or else to `otherwise`: to nothing that can be pressed, since
 * whoever is about to press one thing must not press another. An open menu that it was in stays open.
 */
export function redraw(host, draw, otherwise) {
  const held = host.contains(document.activeElement) ? document.activeElement : null;
  const keys = held ? keysOf(held, host) : [];
  const inMenu = held?.closest("details[open]");
  draw();
  if (!held || document.activeElement === held) return;
  const there = keys.map((key) => host.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`)).find(Boolean);
  if (inMenu) there?.closest("details")?.setAttribute("open", "");
  holdKeyboard(there || otherwise);
}

const MISSING = '[data-part]:not([data-status="ok"])';

/**
 * Of an answer in `sections`, those that were missing come by themselves. Each stands in `host` as `section(name, part)`
 * drew it, with its name and status as data; what is there already stays as it is, opened or half read. Returns what to
 * call once they are drawn: it says whether any is missing, as `told(sections, missing)` hears whenever some have come.
 */
export function completing(host, ask, section, otherwise, told = () => {}) {
  const again = later(looking(ask, complete, (problem) => problem.passing && again()));

  function complete({ sections }) {
    if (!host.isConnected) return;
    for (const missing of host.querySelectorAll(MISSING)) {
      const { part } = missing.dataset;
      redraw(host, () => missing.replaceWith(section(part, sections[part])), otherwise());
    }
    told(sections, look());
  }

  function look() {
    const missing = Boolean(host.querySelector(MISSING));
    if (missing) again();
    return missing;
  }

  return look;
}

/** Its own key, then those of what it stands in. */
function keysOf(element, host) {
  const keys = [];
  for (let one = element; one !== host; one = one.parentElement) if (one.dataset.key) keys.push(one.dataset.key);
  return keys;
}
