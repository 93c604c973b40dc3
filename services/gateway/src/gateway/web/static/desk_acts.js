// What the desk does with an appointment, and the dialogues that an act needs; which acts exist is decided by the status.

import { get, once, queryOf } from "./api.js";
import { announce, dialogue, field, fieldError, fill, h, option } from "./dom.js";
import { form } from "./forms.js";
import * as moments from "./moments.js";
import * as money from "./money_acts.js";
import { billOf } from "./money_parts.js";
import { may } from "./staff.js";
import { t, worded } from "./texts.js";
import { timeChooser } from "./times.js";

const post = once();

const CHANGE = "appointments.change";
const ACTS = {
  confirm: { from: ["booked"], needs: CHANGE, first: true },
  "check-in": { from: ["booked", "confirmed"], needs: CHANGE, first: true },
  complete: { from: ["arrived", "confirmed", "booked"], needs: "appointments.complete", first: ["arrived"], started: true },
  move: { from: ["booked", "confirmed", "displaced"], needs: CHANGE },
  cancel: { from: ["booked", "confirmed", "displaced"], needs: CHANGE },
  "no-show": { from: ["booked", "confirmed"], needs: CHANGE, started: true },
  correct: { from: ["arrived", "fulfilled", "noshow"], needs: "appointments.correct" },
  pay: { from: ["fulfilled", "arrived", "confirmed", "booked", "displaced"], needs: "payments.record" },
  refund: { from: ["fulfilled", "arrived", "confirmed", "booked", "displaced", "cancelled", "noshow"], needs: "payments.refund", only: (appointment) => billOf(appointment).paid > 0 },
  instalments: { from: ["fulfilled"], needs: "payments.record", only: (appointment) => billOf(appointment).open > 0 },
};
const REASONS = ["patient_asked", "ill", "clinic", "duplicate", "other"];

const DO = {
  confirm: direct, "check-in": direct, "no-show": direct, complete, move, cancel, correct,
  pay: withMoney(money.pay), refund: withMoney(money.refund), instalments: withMoney(money.instalments),
};

/** The buttons of one row: the usual next act outside, the others under "more". */
export function buttons(around, row, name) {
  const { appointment } = row;
  const started = Date.parse(appointment.starts_at) <= Date.parse(moments.now());
  const possible = Object.entries(ACTS).filter(
    ([, act]) => act.from.includes(appointment.status) && may(around.session, act.needs) && (!act.only || act.only(appointment)) && (!act.started || started || appointment.status === "arrived"),
  );
  const isFirst = ([, act]) => act.first === true || (Array.isArray(act.first) && act.first.includes(appointment.status));
  const button = ([what], look) =>
    h(
      "button",
      { type: "button", class: `${look} small`, dataset: { act: what }, "aria-label": `${t(`act_${what}`)}: ${name}`, onclick: (event) => run(event, around, row, what) },
      t(`act_${what}`),
    );
  const rest = possible.filter((one) => !isFirst(one));
  return [
    possible.filter(isFirst).map((one) => button(one, "secondary")),
    rest.length > 0 &&
      h(
        "details",
        { class: "more" },
        h("summary", { class: "small", "aria-label": `${t("more")}: ${name}` }, t("more")),
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

const when = ({ branch }, { starts_at: starts }) => moments.longDay(moments.dayOf(starts, branch.zone)) + t("comma") + moments.time(starts, branch.zone);

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

function times(host, around, question, onpick, from) {
  const network = encodeURIComponent(around.directory.network.network_id);
  timeChooser(host, {
    find: async (day, days) =>
      (await get(`/networks/${network}/slots${queryOf({ ...question, branch_id: around.branch.branch_id, from: day, days })}`)).slots,
    zone: around.branch.zone,
    from,
    onpick,
  });
}

// --- booking at the desk ----------------------------------------------------------------------------------

/** `known` is a card, or what was typed into the search so far. */
export function book(around, known) {
  return visitDialogue(around, known, {
    title: t("book_title"),
    path: "/appointments",
    done: "done_book",
    withTime: true,
  });
}

export function walkIn(around, known) {
  return visitDialogue(around, known, { title: t("walk_in_title"), path: "/visits", done: "done_walk_in", withTime: false });
}

async function visitDialogue(around, known, { title, path, done, withTime }) {
  const { directory, branch } = around;
  const sent = once();
  const made = await dialogue(title, t("close"), (close) => {
    const patient = patientFields(known);
    const service = h("select", { onchange: () => refresh() }, directory.servicesAt(branch).map((one) => option(one.service_id, worded(one.name, branch.locale))));
    const who = h("select", { onchange: () => refreshTimes() });
    const host = h("div", { class: "times" });
    const trouble = h("div", { "aria-live": "assertive" });
    const submit = async (slot) => {
      const person = patient.read();
      if (!person) return;
      fill(trouble);
      try {
        close(await sent(path, { ...person, service_id: service.value, branch_id: branch.branch_id, ...slot }));
      } catch (problem) {
        fill(trouble, h("p", { class: "notice is-error", role: "alert" }, problem.text));
        trouble.scrollIntoView({ block: "nearest" });
        if (problem.code === "slot-taken") refreshTimes();
      }
    };
    const refreshTimes = () =>
      withTime &&
      times(host, around, { service_id: service.value, practitioner_id: who.value }, (slot) => submit({ practitioner_id: slot.practitioner_id, starts_at: slot.starts_at, source: "desk" }), around.day);
    const refresh = () => {
      const possible = directory.practitionersFor(branch, directory.service(service.value));
      fill(who, withTime && option("", t("any_practitioner")), possible.map((one) => option(one.practitioner_id, one.name)));
      refreshTimes();
    };
    refresh();
    return h(
      "form",
      {
        class: "form",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          if (!withTime) submit({ practitioner_id: who.value });
        },
      },
      patient.fields,
      h("div", { class: "grid" }, field(t("service"), service), field(t("practitioner"), who)),
      trouble,
      withTime ? host : h("button", { type: "submit", class: "primary" }, t("walk_in_now")),
    );
  });
  if (made) await around.changed(t(done, { when: when(around, made.appointment) }), "ok", made.appointment.id);
}

function patientFields(known) {
  if (known?.patient_id) {
    return {
      fields: h("p", {}, h("strong", {}, known.full_name), " ", h("span", { dir: "ltr" }, known.phones[0]?.phone || "")),
      read: () => ({ patient_id: known.patient_id }),
    };
  }
  const name = h("input", { type: "text", autocomplete: "off", maxlength: "120", value: known?.full_name || "" });
  const phone = h("input", { type: "tel", autocomplete: "off", maxlength: "32", dir: "ltr", value: known?.phone || "" });
  return {
    fields: h("div", { class: "grid" }, field(t("patient_name"), name), field(t("patient_phone"), phone)),
    read: () => {
      fieldError(name, name.value.trim() ? "" : t("name_missing"));
      fieldError(phone, phone.value.trim().length >= 3 ? "" : t("problem.malformed-phone"));
      const wrong = [name, phone].find((one) => one.getAttribute("aria-invalid"));
      wrong?.focus();
      return wrong ? null : { patient: { full_name: name.value.trim(), phone: phone.value.trim() } };
    },
  };
}
