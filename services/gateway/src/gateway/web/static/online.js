// Joining an online visit: the same on its own page and on the page that manages the appointment.

import { once } from "./api.js";
import { h } from "./dom.js";
import { whenText } from "./link_page.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";

const post = once();
const LONGEST_TIMER = 2 ** 31 - 1;
let waiting;

/** The way in, or from when on there is one; `show` draws the page anew as soon as the room opens or is refused. */
export function joining({ online, branch }, link, show) {
  clearTimeout(waiting);
  if (online.state === "unconfirmed") return h("p", { class: "hint" }, t("online_unconfirmed"));
  if (online.state === "open") return h("button", { type: "button", class: "primary", onclick: (event) => join(event, link, show) }, t("online_join"));
  const left = Date.parse(online.opens_at) - Date.parse(moments.now());
  if (left < LONGEST_TIMER) waiting = setTimeout(show, Math.max(left, 1000));
  return h("p", { class: "hint" }, t("online_early", { when: whenText(online.opens_at, branch) }));
}

async function join(event, link, show) {
  event.currentTarget.disabled = true;
  try {
    const { url } = await post(`${link}/join`, {});
    location.assign(url);
  } catch (problem) {
    await show(problem.text, "error");
  }
}
