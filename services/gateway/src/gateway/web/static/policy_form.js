// What a network or a branch says itself: its windows, and chains of their own for some kinds of service.

import { fieldError, h } from "./dom.js";
import { flowFields } from "./policy_flow.js";
import { listOf } from "./policy_parts.js";
import { windowFields } from "./policy_window.js";
import { t } from "./texts.js";

const EMPTY = { windows: [], caps: [], flows: [], confirmed_days: [], family_messaging: false, most_per_message: null, most_per_month: null };

/** `changed()` hears of every change; what the form does not ask for stays as it was. */
export function policyForm(policy, { ofBranch, templates, kinds, preset, changed }) {
  const before = { ...EMPTY, ...policy };
  const windows = listOf({ title: t("own_windows"), add: t("add_window"), remove: t("remove_window"), things: before.windows, fields: (one, place) => windowFields(one, place), changed });
  const flows = listOf({ title: t("own_chains"), add: t("add_chain"), remove: t("remove_chain"), things: before.flows, fields: (one, place) => flowFields(one, place, { templates, kinds, preset, changed }), changed });
  const family = h("input", { type: "checkbox", checked: before.family_messaging });
  const read = () => ({ ...before, windows: windows.read(), flows: flows.read(), family_messaging: !ofBranch && family.checked });
  const fields = h("div", { class: "form", oninput: changed, onchange: changed }, windows.element, flows.element, !ofBranch && h("label", { class: "check" }, family, h("span", {}, t("family_messaging"))));
  return { fields, read, check: () => (complete(fields) ? read() : null) };
}

/** Every field that has to be filled in is; the first that is not gets the keyboard. */
function complete(fields) {
  const needed = [...fields.querySelectorAll("[data-needed]")];
  const missing = needed.filter((input) => !input.value.trim());
  for (const input of needed) if (document.getElementById(`${input.id}-error`)) fieldError(input, missing.includes(input) ? t("reason_missing") : "");
  const nothing = [...fields.querySelectorAll("[data-any]")].filter((group) => !group.querySelector("input:checked"));
  for (const group of fields.querySelectorAll("[data-any]")) group.classList.toggle("is-wrong", nothing.includes(group));
  (missing[0] || nothing[0]?.querySelector("input"))?.focus();
  return !missing.length && !nothing.length;
}
