// What the desk does with an appointment, and the dialogues that an act needs; which acts exist is decided by the status.

import { once } from "./api.js";
import { join } from "./desk_online.js";
import { announce, dialogue, field, fieldError, fill, h, option } from "./dom.js";
import { times, when } from "./desk_times.js";
import { form } from "./forms.js";
import * as moments from "./moments.js";
import * as money from "./money_acts.js";
import { billOf } from "./money_parts.js";
import { refer } from "./referring.js";
import { may } from "./staff.js";
import { t } from "./texts.js";

const post = once();

const CHANGE = "appointments.change";
const ACTS = {
  confirm: { from: ["booked"], needs: CHANGE, first: true },
  "check-in": { from: ["booked", "confirmed"], needs: CHANGE, first: true },
  join: { from: ["confirmed", "arrived"], needs: "visits.join", first: true, only: ({ service_id: id }, { directory }) => directory.service(id)?.virtual },
  complete: { from: ["arrived", "confirmed", "booked"], needs: "appointments.complete", first: ["arrived"], started: true },
  move: { from: ["booked", "confirmed", "displaced"], needs: CHANGE },
  cancel: { from: ["booked", "confirmed", "displaced"], needs: CHANGE },
  "no-show": { from: ["booked", "confirmed"], needs: CHANGE, started: true },
  correct: { from: ["arrived", "fulfilled", "noshow"], needs: "appointments.correct" },
  pay: { from: ["fulfilled", "arrived", "confirmed", "booked", "displaced"], needs: "payments.record" },
  refund: { from: ["fulfilled", "arrived", "confirmed", "booked", "displaced", "cancelled", "noshow"], needs: "payments.refund", only: (appointment) => billOf(appointment).paid > 0 },
  refer: { from: ["arrived", "fulfilled"], needs: "referrals.write" },
  instalments: { from: ["fulfilled"], needs: "payments.record", only: (appointment) => billOf(appointment).open > 0 },
};
const REASONS = ["patient_asked", "ill", "clinic", "duplicate", "other"];

const DO = {
  confirm: direct, "check-in": direct, "no-show": direct, complete, join, move, cancel, correct, refer,
  pay: withMoney(money.pay), refund: withMoney(money.refund), instalments: withMoney(money.instalments),
};

/** The buttons of one row: the usual next act outside, the others under "more". */
export function buttons(around, row, name) {
  const { appointment } = row;
  const started = Date.parse(appointment.starts_at) <= Date.parse(moments.now());
  const possible = Object.entries(ACTS).filter(
    ([, act]) => act.from.includes(appointment.status) && may(around.session, act.needs) && (!act.only || act.only(appointment, around)) && (!act.started || started || appointment.status === "arrived"),
  );
  const isFirst = ([, act]) => act.first === true || (Array.isArray(act.first) && act.first.includes(appointment.status));
  const button = ([what], look) =>
    h(
      "button",
      { type: "button", class: `${look} small`, dataset: { act: what, key: `${what}-${appointment.id}` }, "aria-label": `${t(`act_${what}`)}: ${name}`, onclick: (event) => run(event, around, row, what) },
      t(`act_${what}`),
    );
  const rest = possible.filter((one) => !isFirst(one));
  return [
    possible.filter(isFirst).map((one) => button(one, "secondary")),
    rest.length > 0 &&
      h(
        "details",
        { class: "more" },
        h("summary", { class: "small", dataset: { key: `more-${appointment.id}` }, "aria-label": `${t("more")}: ${name}` }, t("more")),
        h("div", { class: "more-acts" }, rest.map((one) => button(one, "quiet"))),
      ),
  ];
}

async function run(event, around, row, what) {
  event.currentTarget.closest("details")?.removeAttribute("open");
  await DO[what](around, row, what);
}

/** Carry an act out under the version that is on the screen; a conflict shows the row as it is now. */
async function send(around, row, what, body = {}) {
  const { appointment } = row;
  announce(t("working"));
  try {
    const now = await post(`/appointments/${appointment.id}/${what}`, { if_version: appointment.version, ...body });
    await around.changed(t(`done_${what}`, { when: when(around, now.appointment) }), "ok", appointment.id);
    return true;
  } catch (problem) {
    const kind = problem.code === "version-conflict" ? "warn" : "error";
    await around.changed(problem.text, kind, appointment.id);
    return false;
  }
}

function direct(around, row, what) {
  return send(around, row, what);
}

const about = (around, row) =>
  h("p", { class: "hint" }, [row.patient.full_name, moments.time(row.appointment.starts_at, around.branch.zone)].filter(Boolean).join(" · "));

async function cancel(around, row) {
  const reason = await dialogue(t("cancel_title"), t("close"), (close) => {
    const select = h("select", {}, REASONS.map((one) => option(one, t(`reason_${one}`))));
    return form(close, () => select.value, [about(around, row), field(t("reason"), select)], t("act_cancel"), "primary danger");
  });
  if (reason) await send(around, row, "cancel", { reason });
}

async function correct(around, row) {
  const reason = await dialogue(t("correct_title"), t("close"), (close) => {
    const input = h("input", { type: "text", required: true, maxlength: "200" });
    const value = () => {
      fieldError(input, input.value.trim() ? "" : t("reason_missing"));
      return input.value.trim() || null;
    };
    return form(close, value, [about(around, row), field(t("reason"), input, { hint: t("correct_hint") })], t("act_correct"));
  });
  if (reason) await send(around, row, "correct", { reason });
}

async function complete(around, row) {
  const answer = may(around.session, "payments.record") ? await money.completing(placeOf(around), row.appointment) : {};
  if (answer) await send(around, row, "complete", answer);
}

const placeOf = (around) => ({ directory: around.directory, zone: around.branch.zone, branch: around.branch, changed: around.changed });

function withMoney(act) {
  return (around, row) => act(placeOf(around), row.appointment);
}

async function move(around, row) {
  const { appointment } = row;
  const service = around.directory.service(appointment.service_id);
  const where = await dialogue(t("move_title"), t("close"), (close) => {
    const host = h("div", { class: "times" });
    const reason = h("select", {}, REASONS.map((one) => option(one, t(`reason_${one}`))));
    const who = h(
      "select",
      { onchange: () => show() },
      option("", t("any_practitioner")),
      around.directory.practitionersFor(around.branch, service).map((one) => option(one.practitioner_id, one.name, one.practitioner_id === appointment.practitioner_id)),
    );
    const show = () => times(host, around, { service_id: appointment.service_id, practitioner_id: who.value }, pick, moments.dayOf(appointment.starts_at, around.branch.zone));
    const pick = ({ starts_at, practitioner_id }) => close({ starts_at, practitioner_id, reason: reason.value });
    show();
    return h("div", { class: "form" }, about(around, row), field(t("practitioner"), who), field(t("reason"), reason), host);
  });
  if (where) await send(around, row, "reschedule", where);
}
