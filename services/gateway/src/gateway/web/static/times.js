// Choosing a time: a week of days, the slots of one day by part of day, and the next free day when there are none.

import { fill, h } from "./dom.js";
import { claim } from "./looking.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";

const FARTHEST = 62;
const WEEK = 7;

export function partOfDay(hour) {
  if (hour < 12) return "morning";
  return hour < 17 ? "afternoon" : "evening";
}

/** One slot per starting time: whoever wants "any practitioner" is not asked to compare them. */
function byTime(slots) {
  const seen = new Map();
  for (const slot of slots) if (!seen.has(slot.starts_at)) seen.set(slot.starts_at, slot);
  return [...seen.values()];
}

/**
 * A chooser in `host`, in place of an earlier one, whose times answer another question. `find(day, days)` asks for
 * slots, `zone` is the branch's, `from` the first day, `onpick(slot)` what happens then.
 */
export function timeChooser(host, { find, zone, from, onpick }) {
  const today = moments.dayOf(moments.now(), zone);
  let first = from && from > today ? from : today;
  let chosen = null;

  async function show(day) {
    const newest = claim(host);
    host.setAttribute("aria-busy", "true");
    try {
      const slots = await find(first, WEEK);
      if (!newest()) return;
      const days = new Map();
      for (let index = 0; index < WEEK; index += 1) days.set(moments.plusDays(first, index), []);
      for (const slot of slots) days.get(moments.dayOf(slot.starts_at, zone))?.push(slot);
      const free = [...days.keys()].filter((one) => days.get(one).length);
      chosen = day && days.has(day) ? day : free[0] || first;
      draw(days);
    } catch (problem) {
      if (!newest()) return;
      fill(
        host,
        h("p", { class: "notice is-error", role: "alert" }, problem.text),
        h("button", { type: "button", class: "secondary", onclick: () => show(day) }, t("retry")),
      );
    } finally {
      if (newest()) host.removeAttribute("aria-busy");
    }
  }

  function draw(days) {
    const keys = [...days.keys()];
    fill(
      host,
      h(
        "div",
        { class: "week-head" },
        turner("‹", t("earlier_days"), first <= today, () => turn(-WEEK)),
        h("p", { class: "week-title" }, `${moments.dayAndMonth(keys[0])} – ${moments.dayAndMonth(keys.at(-1))}`),
        turner("›", t("later_days"), false, () => turn(WEEK)),
      ),
      h(
        "div",
        { class: "week", role: "group", "aria-label": t("days") },
        keys.map((day) => dayButton(day, days)),
      ),
      h("div", { class: "slots", "aria-live": "polite" }, slotsOf(days.get(chosen), days)),
    );
  }

  function turner(sign, label, disabled, onclick) {
    return h("button", { type: "button", class: "quiet icon turn", "aria-label": label, disabled, onclick }, sign);
  }

  function turn(count) {
    const day = moments.plusDays(first, count);
    first = day < today ? today : day;
    show(null).then(() => host.querySelector('.week [aria-pressed="true"]')?.focus());
  }

  function dayButton(day, days) {
    const count = byTime(days.get(day)).length;
    return h(
      "button",
      {
        type: "button",
        class: count ? "day" : "day is-empty",
        "aria-pressed": String(day === chosen),
        "aria-label": `${moments.longDay(day)}, ${count ? t("free_count", { n: moments.number(count) }) : t("nothing_free")}`,
        onclick: () => {
          chosen = day;
          draw(days);
          host.querySelector('.week [aria-pressed="true"]').focus();
        },
      },
      h("span", { class: "day-week" }, moments.weekday(day)),
      h("span", { class: "day-date" }, moments.dayAndMonth(day)),
      h("span", { class: "day-short" }, moments.dayOnly(day)),
    );
  }

  function slotsOf(slots, days) {
    if (!slots.length) {
      const next = [...days.keys()].find((day) => day > chosen && days.get(day).length);
      return h(
        "div",
        { class: "empty" },
        h("p", {}, t("nothing_free_that_day")),
        h("button", { type: "button", class: "secondary", onclick: () => jump(next) }, t("next_free_day")),
      );
    }
    const parts = new Map();
    for (const slot of byTime(slots)) {
      const part = partOfDay(moments.hourOf(slot.starts_at, zone));
      parts.set(part, [...(parts.get(part) || []), slot]);
    }
    return [
      h("h3", { class: "slots-day" }, moments.longDay(chosen)),
      [...parts].map(([part, those]) =>
        h(
          "section",
          { class: "part", "aria-label": t(part) },
          h("h4", {}, t(part)),
          h("div", { class: "slot-grid" }, those.map(slotButton)),
        ),
      ),
    ];
  }

  function slotButton(slot) {
    return h(
      "button",
      { type: "button", class: "slot", dataset: { startsAt: slot.starts_at }, onclick: () => onpick(slot) },
      moments.time(slot.starts_at, zone),
    );
  }

  async function jump(known) {
    let day = known;
    if (!day) {
      host.setAttribute("aria-busy", "true");
      const later = await find(moments.plusDays(first, WEEK), FARTHEST - WEEK).catch(() => []);
      host.removeAttribute("aria-busy");
      if (!later.length) {
        fill(host.querySelector(".slots"), h("p", { class: "notice", role: "status" }, t("nothing_free_at_all")));
        return;
      }
      day = moments.dayOf(later[0].starts_at, zone);
      first = day;
    }
    await show(day);
    host.querySelector('.week [aria-pressed="true"]')?.focus();
  }

  fill(host, h("p", { class: "loading" }, t("loading")));
  return show(null);
}
