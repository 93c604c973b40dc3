// A window of a clinic's own: on which days and hours patients may be written to; quiet hours are what lies outside.

import { h } from "./dom.js";
import { needed, ruled } from "./field_rules.js";
import * as moments from "./moments.js";
import { boundFields } from "./policy_bound.js";
import { box, boxes } from "./policy_parts.js";
import { fieldAt } from "./refusals.js";
import { t } from "./texts.js";

const WEEK = [1, 2, 3, 4, 5, 6, 7];
const clock = (text) => (text || "").slice(0, 5);

/** Midnight closes the day that it ends. */
const closesTooSoon = (opens, closes) => (closes !== "00:00" && closes <= opens ? t("ends_before_begins") : "");

/** The first opening hours are what the form changes; those that it cannot show stay as they are. */
export function windowFields(window) {
  const [first, ...others] = window?.open || [{ days: WEEK, hours: [["09:00", "20:00"]] }];
  const [[opens, closes], ...more] = first.hours;
  const bound = boundFields(window, { prefix: "window" });
  const days = boxes("days", t("weekdays"), WEEK.map((one) => [one, moments.weekday(`2024-01-0${one}`)]), first.days, { needed: true });
  const from = needed(h("input", { type: "time", value: clock(opens) }));
  const to = ruled(h("input", { type: "time", value: clock(closes) }), (time) => (time ? closesTooSoon(from.value, time) : t("fill_this_in")));
  const holidays = box(t("open_on_holidays"), window?.holidays ?? true);
  const mourning = box(t("open_on_mourning"), window?.mourning ?? true);
  const hours = () => ({ days: days.read(), hours: [[from.value, to.value], ...more] });
  return {
    name: bound.id,
    element: h(
      "div",
      { class: "form" },
      days.element,
      h("div", { class: "grid", dataset: { at: "open" } }, fieldAt("from", t("open_from"), from), fieldAt("to", t("open_to"), to)),
      (more.length > 0 || others.length > 0) && h("p", { class: "hint" }, t("more_hours_kept")),
      holidays.element,
      mourning.element,
      bound.elements,
    ),
    read: () => ({ ...bound.read(), open: [hours(), ...others], holidays: holidays.read(), mourning: mourning.read() }),
  };
}
