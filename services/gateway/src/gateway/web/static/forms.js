// Forms of dialogues: what they ask for, and reading what people typed.

import { field, fieldError, h, option } from "./dom.js";
import { majorText, minorUnits } from "./numbers.js";
import { t } from "./texts.js";

/** A form that closes its dialogue with what `value()` gives; null means that something has to be mended first. */
export function form(close, value, parts, label, look = "primary") {
  return h(
    "form",
    {
      class: "form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        const answer = value();
        if (answer !== null) close(answer);
      },
    },
    parts,
    h("div", { class: "actions" }, h("button", { type: "submit", class: look }, label), h("button", { type: "button", class: "secondary", onclick: () => close(null) }, t("leave"))),
  );
}

/** An amount typed in whole units. `read()` gives minor units, undefined where it may be and is empty, null where wrong. */
export function amountInput(label, currency, { value, hint, optional = false } = {}) {
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", maxlength: "16", dir: "ltr", value: value === undefined || value === null ? "" : majorText(value, currency) });
  const read = () => {
    const text = input.value.trim();
    if (!text && optional) return undefined;
    const units = minorUnits(text, currency);
    fieldError(input, units === null ? t("amount_wrong") : "");
    if (units === null) input.focus();
    return units;
  };
  return { input, field: field(label, input, { hint }), read };
}

/** Words that have to be there. */
export function reasonInput(label, { hint, optional = false } = {}) {
  const input = h("input", { type: "text", required: !optional, maxlength: "200", autocomplete: "off" });
  const read = () => {
    const text = input.value.trim();
    fieldError(input, text || optional ? "" : t("reason_missing"));
    if (!text && !optional) input.focus();
    return text || (optional ? undefined : null);
  };
  return { input, field: field(label, input, { hint }), read };
}

export function choice(label, options) {
  const select = h("select", {}, options.map(([value, text]) => option(value, text)));
  return { input: select, field: field(label, select), read: () => select.value };
}
