// A window of a clinic's own: on which days and hours patients may be written to; quiet hours are what lies outside.

import { CHANNELS } from "./channels.js";
import { field, h } from "./dom.js";
import * as moments from "./moments.js";
import { boxes, newName } from "./policy_parts.js";
import { t } from "./texts.js";

const WEEK = [1, 2, 3, 4, 5, 6, 7];
const clock = (text) => (text || "").slice(0, 5);

/** The first opening hours are what the form changes; those that it cannot show stay as they are. */
export function windowFields(window) {
  const [first, ...others] = window?.open || [{ days: WEEK, hours: [["09:00", "20:00"]] }];
  const [[opens, closes], ...more] = first.hours;
  const name = window?.id || newName("window");
  const classes = boxes(t("class"), ["service", "marketing"].map((one) => [one, t(`class_${one}`)]), window?.classes || ["service", "marketing"], { needed: true });
  const channels = boxes(t("only_channels"), CHANNELS.map((one) => [one, t(`channel_${one}`)]), window?.channels || []);
  const days = boxes(t("weekdays"), WEEK.map((one) => [one, moments.weekday(`2024-01-0${one}`)]), first.days, { needed: true });
  const from = h("input", { type: "time", value: clock(opens), dataset: { needed: "" } });
  const to = h("input", { type: "time", value: clock(closes), dataset: { needed: "" } });
  const holidays = h("input", { type: "checkbox", checked: window ? window.holidays : true });
  const since = h("input", { type: "date", value: window?.valid_from || "" });
  const until = h("input", { type: "date", value: window?.valid_to || "" });
  const source = h("input", { type: "text", maxlength: "300", value: window?.source || "", dataset: { needed: "" } });
  const hours = () => ({ days: days.read(), hours: [[from.value, to.value], ...more] });
  return {
    element: h(
      "div",
      { class: "form" },
      days.element,
      h("div", { class: "grid" }, field(t("open_from"), from), field(t("open_to"), to)),
      (more.length > 0 || others.length > 0) && h("p", { class: "hint" }, t("more_hours_kept")),
      h("label", { class: "check" }, holidays, h("span", {}, t("open_on_holidays"))),
      classes.element,
      channels.element,
      h("div", { class: "grid" }, field(t("valid_since"), since), field(t("valid_until"), until)),
      field(t("policy_source"), source, { hint: t("policy_source_hint") }),
    ),
    read: () => ({
      id: name,
      classes: classes.read(),
      channels: channels.read().length ? channels.read() : null,
      open: [hours(), ...others],
      holidays: holidays.checked,
      mourning: window?.mourning ?? true,
      valid_from: since.value || null,
      valid_to: until.value || null,
      source: source.value.trim(),
    }),
  };
}
