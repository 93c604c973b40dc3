// What is said for the whole network alone: dates of lunar days that are certain by now, what messages may cost, families.

import { h, option } from "./dom.js";
import { limitInput, needed } from "./field_rules.js";
import { box, listOf } from "./policy_parts.js";
import { fieldAt } from "./refusals.js";
import { t } from "./texts.js";

const DAYS = "lunar-days";

/** Days that calendars estimate, by the English names that confirm them; the other countries have none. */
export const LUNAR_DAYS = {
  KZ: ["Eid al-Adha"],
  IR: [
    "Eid al-Fitr",
    "Eid al-Fitr Holiday",
    "Eid al-Adha",
    "Eid al-Ghadir",
    "Tasua",
    "Ashura",
    "Arbaeen",
    "Death of Prophet Muhammad and Martyrdom of Hasan ibn Ali",
    "Martyrdom of Ali al-Rida",
    "Martyrdom of Hasan al-Askari",
    "Birthday of Muhammad and Imam Ja'far al-Sadiq",
    "Martyrdom of Fatima",
    "Birthday of Imam Ali",
    "Isra' and Mi'raj",
    "Birthday of Mahdi",
    "Martyrdom of Imam Ali",
    "Martyrdom of Imam Ja'far al-Sadiq",
  ],
};

export function networkFields(before, { country, currency, changed }) {
  const known = LUNAR_DAYS[country] || [];
  const days = listOf({ at: "confirmed_days", title: t("confirmed_days"), each: t("confirmed_day"), hint: t("confirmed_days_hint"), add: t("add_day"), remove: t("remove_day"), things: before.confirmed_days, fields: dayFields, changed });
  const message = limitInput(before.most_per_message, currency);
  const month = limitInput(before.most_per_month, currency);
  const family = box(t("family_messaging"), before.family_messaging);
  const anyDays = known.length > 0 || before.confirmed_days.length > 0;
  return {
    element: [
      anyDays && [days.element, h("datalist", { id: DAYS }, known.map((one) => option(one, one)))],
      h("h3", {}, t("costs_title")),
      h(
        "div",
        { class: "grid" },
        fieldAt("most_per_message", t("most_per_message", { currency }), message.input, { hint: t("most_per_message_hint") }),
        fieldAt("most_per_month", t("most_per_month", { currency }), month.input, { hint: t("most_per_month_hint") }),
      ),
      family.element,
    ],
    read: () => ({ confirmed_days: days.read(), most_per_message: message.read(), most_per_month: month.read(), family_messaging: family.read() }),
  };
}

function dayFields(day) {
  const name = needed(h("input", { type: "text", maxlength: "100", list: DAYS, dir: "ltr", lang: "en", autocomplete: "off", value: day?.name || "" }));
  const date = needed(h("input", { type: "date", value: day?.date || "" }));
  return {
    element: h("div", { class: "grid" }, fieldAt("name", t("day_name"), name), fieldAt("date", t("day_date"), date)),
    read: () => ({ name: name.value.trim(), date: date.value }),
  };
}
