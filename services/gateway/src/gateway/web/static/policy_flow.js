// A chain of a clinic's own, for some kinds of service: its steps with their moments.

import { field, h, option } from "./dom.js";
import { boxes, listOf, newName } from "./policy_parts.js";
import { spoken, t } from "./texts.js";

const STEP = { template: "short", message_class: "service", target: "T-2h", earliest: "T-24h", latest: "T-90m", budget_minutes: 120, asks: false, orientation: false, mode: "fallback" };

/** A new chain begins as the preset's steps: it is easier to take away than to invent. */
export function flowFields(flow, _place, { templates, kinds, preset, changed }) {
  const name = flow?.name || newName("chain");
  const served = boxes(t("for_kinds"), [...new Set([...kinds, ...(flow?.service_kinds || [])])].map((one) => [one, one]), flow?.service_kinds || []);
  const steps = listOf({ title: t("step"), add: t("add_step"), remove: t("remove_step"), things: flow?.steps || preset.steps, fields: (one) => stepFields(one, templates), changed });
  return {
    element: h("div", { class: "form" }, served.element, h("p", { class: "hint" }, t("for_kinds_hint")), h("p", { class: "hint" }, t("moments_hint")), steps.element),
    read: () => ({ name, tags: flow?.tags || [], service_kinds: served.read(), steps: steps.read() }),
  };
}

function stepFields(step, templates) {
  const told = step || { ...STEP, step: newName("step") };
  const template = h("select", {}, templates.map((one) => option(one, spoken("template", one), one === told.template)));
  const moment = (value) => h("input", { type: "text", maxlength: "20", dir: "ltr", value, dataset: { needed: "" } });
  const [target, earliest, latest] = [told.target, told.earliest, told.latest].map(moment);
  const asks = h("input", { type: "checkbox", checked: told.asks });
  return {
    element: h(
      "div",
      { class: "form" },
      h("div", { class: "grid" }, field(t("template"), template), field(t("step_target"), target), field(t("step_earliest"), earliest), field(t("step_latest"), latest)),
      h("label", { class: "check" }, asks, h("span", {}, t("step_asks"))),
    ),
    read: () => ({ ...told, template: template.value, target: target.value.trim(), earliest: earliest.value.trim(), latest: latest.value.trim(), asks: asks.checked }),
  };
}
