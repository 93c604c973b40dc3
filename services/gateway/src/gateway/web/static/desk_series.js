// Visits that come again: how often, and what could not be booked, with other times for each.

import { field, fieldError, fill, h, option } from "./dom.js";
import { slotButtons, when } from "./desk_times.js";
import * as moments from "./moments.js";
import { known, t } from "./texts.js";

const RHYTHMS = { "": null, "1 week": [1, "week"], "2 week": [2, "week"], "1 month": [1, "month"], "3 month": [3, "month"], "6 month": [6, "month"] };
const MOST = 52;

/** Fields of the rhythm. `read()` gives what a series needs, undefined for a single visit, null where it is wrong. */
export function repeating() {
  const rhythm = h("select", { onchange: () => (number.parentElement.hidden = !rhythm.value) }, Object.keys(RHYTHMS).map((one) => option(one, t(`repeat_${one.replace(" ", "_") || "never"}`))));
  const number = h("input", { type: "number", min: "2", max: String(MOST), value: "4", inputmode: "numeric" });
  const fields = h("div", { class: "grid" }, field(t("repeat"), rhythm), field(t("repeat_times"), number));
  number.parentElement.hidden = true;
  const read = () => {
    if (!rhythm.value) return undefined;
    const visits = Number(number.value);
    const right = Number.isInteger(visits) && visits >= 2 && visits <= MOST;
    fieldError(number, right ? "" : t("repeat_wrong", { n: moments.number(MOST) }));
    if (!right) number.focus();
    const [every, unit] = RHYTHMS[rhythm.value];
    return right ? { visits, every, unit } : null;
  };
  return { fields, read };
}

/** What became of each visit; `again(slot)` books one of the other times, `ended(n)` closes with how many are booked. */
export function seriesResult(around, done, again, ended) {
  let booked = done.booked.length;
  const answer = (collision) => {
    const item = h("li", { class: "collision" });
    const take = async (slot) => {
      try {
        const { appointment } = await again(slot);
        booked += 1;
        fill(item, h("p", { role: "status" }, t("done_book", { when: when(around, appointment) })));
      } catch (problem) {
        item.prepend(h("p", { class: "notice is-error", role: "alert" }, problem.text));
      }
    };
    const why = `problem.${collision.code}`;
    return fill(
      item,
      h("p", {}, h("strong", {}, localTime(collision.local)), " ", known(why) ? t(why) : t("problem.unexpected")),
      collision.alternatives.length ? slotButtons(around, collision.alternatives.slice(0, 4), take) : h("p", { class: "hint" }, t("no_alternatives")),
    );
  };
  return [
    h("h3", {}, t("done_series", { n: moments.number(booked) })),
    h("ul", { class: "series" }, done.booked.map((one) => h("li", {}, when(around, one)))),
    done.collisions.length > 0 && [h("h3", {}, t("collisions", { n: moments.number(done.collisions.length) })), h("ul", { class: "series" }, done.collisions.map(answer))],
    h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: () => ended(booked) }, t("done"))),
  ];
}

/** "2026-11-02T10:00:00" of a branch's own clock, in words. */
const localTime = (local) => moments.longDay(local.slice(0, 10)) + t("comma") + local.slice(11, 16);
