// Lists that are looked at again and again: whose answer is drawn, and where the keyboard is afterwards.

import { holdKeyboard } from "./dom.js";

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

/** Look now, and again as many milliseconds after each answer. */
export async function watching(load, pause) {
  for (;;) {
    await load();
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

/**
 * Draw `host` anew, and leave the keyboard at the control that has the same `data-key`. Where that is gone it goes to
 * `otherwise`, which should be nothing that can be pressed: whoever is about to press one thing must not press another.
 */
export function redraw(host, draw, otherwise) {
  const held = host.contains(document.activeElement) ? document.activeElement.dataset.key || "" : null;
  draw();
  if (held === null) return;
  holdKeyboard((held && host.querySelector(`[data-key="${CSS.escape(held)}"]:not(:disabled)`)) || otherwise);
}
