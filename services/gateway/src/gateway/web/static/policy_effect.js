// What a policy would do: the messages of a visit that nobody has booked, as they would go now and as they would then.

import { question } from "./api.js";
import { CHANNELS } from "./channels.js";
import { field, fill, h, option } from "./dom.js";
import { claim } from "./looking.js";
import * as moments from "./moments.js";
import { reasonList } from "./reasons.js";
import { spoken, t } from "./texts.js";

const PATIENCE = 600;

/** `branch()` is the scope that is being changed ("" for the network), `policy()` what its form says. */
export function effect({ directory, kinds, branch, policy }) {
  const today = moments.dayOf(moments.now(), directory.branches[0].zone);
  const place = h("select", {}, directory.branches.map((one) => option(one.branch_id, one.name, one.branch_id === branch())));
  const kind = h("select", {}, kinds.map((one) => option(one, one)));
  const day = h("input", { type: "date", value: moments.plusDays(today, 7), min: today });
  const time = h("input", { type: "time", value: "10:00" });
  const channel = h("select", {}, [option("", t("any_channel")), ...CHANNELS.map((one) => option(one, t(`channel_${one}`)))]);
  const result = h("div", { "aria-live": "polite" });
  let waiting = null;

  async function ask() {
    clearTimeout(waiting);
    const newest = claim(result);
    if (!day.value || !time.value) return;
    const { zone } = directory.branch(place.value);
    const visit = { branch_id: place.value, starts_at: moments.instantAt(day.value, time.value, zone), service_kind: kind.value, channel: channel.value || null };
    try {
      const rehearsed = (more) => question("/policies/rehearsal", { ...visit, ...more });
      const [now, then] = await Promise.all([rehearsed({}), rehearsed({ policy: policy(), of_branch: Boolean(branch()) })]);
      if (newest()) fill(result, compared(now, then, zone));
    } catch (problem) {
      if (newest()) fill(result, h("p", { class: "notice is-warn" }, problem.text, " ", h("bdi", {}, problem.body.why || "")));
    }
  }

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PATIENCE);
  };
  const controls = h(
    "div",
    { class: "grid", oninput: soon },
    field(t("branch"), place),
    field(t("service_kind"), kind),
    field(t("day"), day),
    field(t("column_time"), time),
    field(t("fact_channel"), channel),
  );
  return { element: h("section", { class: "stack", "aria-labelledby": "effect-title" }, h("h3", { id: "effect-title" }, t("effect")), h("p", { class: "hint" }, t("effect_hint")), controls, result), ask, soon };
}

function compared(now, then, zone) {
  const steps = [...new Set([...now.steps, ...then.steps].map((one) => one.step))];
  const of = (told, step) => told.steps.find((one) => one.step === step);
  return h(
    "div",
    { class: "scrolls", tabindex: "0" },
    h(
      "table",
      { class: "plain-table is-steps" },
      h("thead", {}, h("tr", {}, ["step", "step_target", "goes_now", "goes_then"].map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, steps.map((step) => row(step, of(now, step), of(then, step), zone))),
    ),
  );
}

function row(step, now, then, zone) {
  const told = then || now;
  const moved = minute(now) !== minute(then);
  return h(
    "tr",
    { class: moved ? "is-moved" : "", dataset: { step } },
    h("th", { scope: "row" }, spoken("template", told.template)),
    h("td", { dataset: { head: t("step_target") } }, moments.dateAndTime(told.target_at, zone)),
    h("td", { dataset: { head: t("goes_now") } }, goes(now, zone)),
    h("td", { dataset: { head: t("goes_then") } }, moved ? h("strong", {}, goes(then, zone)) : goes(then, zone), then && h("details", { class: "rest" }, h("summary", {}, t("why_title")), reasonList(then.reasons, zone))),
  );
}

/** What goes at once goes a moment later each time that it is asked about: that is no change. */
const minute = (step) => step?.due_at?.slice(0, 16);

function goes(step, zone) {
  if (!step) return "—";
  if (step.merged_into) return t("merged_into");
  if (!step.due_at) return t("does_not_go");
  return [moments.dateAndTime(step.due_at, zone), step.channel && spoken("channel", step.channel)].filter(Boolean).join(" · ");
}
