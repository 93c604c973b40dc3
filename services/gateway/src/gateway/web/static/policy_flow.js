// A chain of a clinic's own, for some kinds of service or some patients: its steps with their moments.

import { h, option } from "./dom.js";
import { countInput, needed } from "./field_rules.js";
import { box, boxes, listOf, newName } from "./policy_parts.js";
import { fieldAt } from "./refusals.js";
import { spoken, t } from "./texts.js";

const STEP = { template: "short", message_class: "service", target: "T-2h", earliest: "T-24h", latest: "T-90m", budget_minutes: 120, asks: false, orientation: false, mode: "fallback" };
const COMMAS = /[,،、;]/;

/** A new chain begins as the preset's steps: it is easier to take away than to invent. */
export function flowFields(flow, _place, { templates, kinds, preset, changed }) {
  const name = flow?.name || newName("chain");
  const served = boxes("service_kinds", t("for_kinds"), [...new Set([...kinds, ...(flow?.service_kinds || [])])].map((one) => [one, one]), flow?.service_kinds || []);
  const tags = h("input", { type: "text", autocomplete: "off", dir: "auto", value: (flow?.tags || []).join(t("comma")) });
  const steps = listOf({ at: "steps", title: t("steps"), each: t("step"), hint: t("moments_hint"), add: t("add_step"), remove: t("remove_step"), things: flow?.steps || preset.steps, fields: (one) => stepFields(one, templates), changed });
  const tagged = () => [...new Set(tags.value.split(COMMAS).map((one) => one.trim()))].filter(Boolean);
  return {
    name,
    element: h("div", { class: "form" }, served.element, fieldAt("tags", t("for_tags"), tags, { hint: t("for_tags_hint") }), h("p", { class: "hint" }, t("for_kinds_hint")), steps.element),
    read: () => ({ name, tags: tagged(), service_kinds: served.read(), steps: steps.read() }),
  };
}

function stepFields(step, templates) {
  const told = step || { ...STEP, step: newName("step") };
  const template = h("select", {}, templates.map((one) => option(one, spoken("template", one), one === told.template)));
  const moment = (value) => needed(h("input", { type: "text", maxlength: "20", dir: "ltr", value }));
  const [target, earliest, latest] = [told.target, told.earliest, told.latest].map(moment);
  const kind = h("select", {}, ["service", "marketing", "immediate"].map((one) => option(one, t(`class_${one}`), one === told.message_class)));
  const budget = countInput(told.budget_minutes, 5, 2880);
  const asks = box(t("step_asks"), told.asks);
  const everywhere = box(t("step_everywhere"), told.mode === "all");
  return {
    name: told.step,
    element: h(
      "div",
      { class: "form" },
      h(
        "div",
        { class: "grid" },
        fieldAt("template", t("template"), template),
        fieldAt("message_class", t("class"), kind),
        fieldAt("target", t("step_target"), target),
        fieldAt("earliest", t("step_earliest"), earliest),
        fieldAt("latest", t("step_latest"), latest),
        fieldAt("budget_minutes", t("step_budget"), budget.input),
      ),
      asks.element,
      everywhere.element,
    ),
    read: () => ({
      ...told,
      template: template.value,
      message_class: kind.value,
      target: target.value.trim(),
      earliest: earliest.value.trim(),
      latest: latest.value.trim(),
      budget_minutes: budget.read(),
      asks: asks.read(),
      mode: everywhere.read() ? "all" : "fallback",
    }),
  };
}
