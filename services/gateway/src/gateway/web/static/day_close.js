// The close of a branch's day: what is still open, the till, and counting it.

import { get, once } from "./api.js";
import { $, announce, dialogue, field, fill, h, option } from "./dom.js";
import { amountInput, form, reasonInput } from "./forms.js";
import { later, looking, redraw } from "./looking.js";
import { billLine } from "./money_parts.js";
import * as moments from "./moments.js";
import { begin, may, REMEMBERED, toLogin } from "./staff.js";
import { t, worded } from "./texts.js";

const post = once();
const query = new URLSearchParams(location.search);
const root = $("#page");
const began = await begin("day.close");
const state = { branch: null, day: null, shown: null };
const load = looking(() => get("/day-close", { branch_id: state.branch.branch_id, date: state.day }), show, refused);
const lookAgain = later(load);

if (began) start();

function start() {
  const { session, directory } = began;
  const mine = directory.branches.filter((one) => !session.branch_ids.length || session.branch_ids.includes(one.branch_id));
  state.branch = mine.find((one) => one.branch_id === (query.get("branch") || localStorage.getItem(REMEMBERED))) || mine[0];
  if (!state.branch) {
    fill(root, h("h1", {}, t("section_day-close")), h("p", { class: "notice" }, t("no_branches")));
    return;
  }
  state.day = query.get("date") || moments.dayOf(moments.now(), state.branch.zone);
  const branch = h("select", { id: "branch", onchange: () => at({ branch: mine.find((one) => one.branch_id === branch.value) }) }, mine.map((one) => option(one.branch_id, one.name, one === state.branch)));
  const day = h("input", { id: "day", type: "date", required: true, value: state.day, onchange: () => day.value && at({ day: day.value }) });
  fill(
    root,
    h("h1", { id: "title" }, t("section_day-close")),
    h("div", { class: "toolbar" }, field(t("branch"), branch), field(t("day"), day)),
    h("div", { id: "closing", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading"))),
  );
  load();
}

function at(change) {
  Object.assign(state, change);
  query.set("branch", state.branch.branch_id);
  query.set("date", state.day);
  history.replaceState(null, "", `?${query}`);
  load();
}

function refused(problem) {
  if (problem.status === 401) toLogin();
  announce(problem.text, "error");
}

const amount = (units) => moments.money({ amount: units, currency: state.shown.currency });
const bidi = (units) => h("bdi", {}, amount(units));

function show(day) {
  state.shown = day;
  redraw($("#closing"), () => draw(day), $("#title"));
  if (day.unavailable.length) lookAgain();
}

function draw(shown) {
  fill(
    $("#closing"),
    shown.closing && closedNote(shown.closing),
    h(
      "div",
      { class: "sections-grid" },
      card("unclosed", shown.unclosed.length, h("ul", {}, shown.unclosed.map(appointmentLine))),
      card("till", shown.till.length, till(shown)),
      card("debts", shown.debts.length, h("ul", {}, shown.debts.map(debtLine))),
      card("unconfirmed", shown.unconfirmed.length, h("ul", {}, shown.unconfirmed.map(appointmentLine))),
    ),
    !shown.closing && h("div", { class: "actions" }, h("button", { type: "button", class: "primary", id: "close-day", dataset: { key: "close" }, onclick: close }, t("close_day"))),
  );
}

function card(name, count, content) {
  const heading = h("h2", { id: `part-${name}` }, t(`close_${name}`));
  return h("section", { class: "card", "aria-labelledby": heading.id, dataset: { part: name } }, heading, count ? content : h("p", { class: "hint" }, t(`close_no_${name}`)));
}

function named(patient) {
  const name = patient.status === "ok" ? patient.full_name : t("patient_unknown");
  return may(began.session, "patients.read") ? h("a", { href: `/patients/${patient.id}` }, name) : name;
}

const serviceOf = (id) => worded(began.directory.service(id)?.name, state.branch.locale);

function appointmentLine({ appointment, patient }) {
  const board = `/desk?${new URLSearchParams({ branch: state.branch.branch_id, date: moments.dayOf(appointment.starts_at, state.branch.zone) })}`;
  return h(
    "li",
    { class: "visit", dataset: { appointment: appointment.id } },
    h("a", { class: "visit-when", href: board }, moments.time(appointment.starts_at, state.branch.zone)),
    h("span", {}, named(patient)),
    h("span", { class: `chip is-${appointment.status}` }, t(`status_${appointment.status}`)),
    h("span", { class: "visit-what" }, [serviceOf(appointment.service_id), began.directory.practitioner(appointment.practitioner_id)?.name, patient.phone].filter(Boolean).join(" · ")),
  );
}

function debtLine({ visit, patient }) {
  return h("li", { class: "visit" }, h("span", { class: "visit-when" }, moments.time(visit.starts_at, state.branch.zone)), h("span", {}, named(patient)), billLine({ visit, status: "fulfilled" }), h("span", { class: "visit-what" }, serviceOf(visit.service_id)));
}

function till({ till: lines, expected_cash: expected }) {
  const columns = ["method", "who", "received", "refunded"];
  return [
    h(
      "table",
      { class: "till" },
      h("caption", { class: "visually-hidden" }, t("close_till")),
      h("thead", {}, h("tr", {}, columns.map((one) => h("th", { scope: "col" }, t(`till_${one}`))))),
      h(
        "tbody",
        {},
        lines.map((one) => h("tr", {}, h("th", { scope: "row" }, t(`method_${one.method}`)), h("td", {}, one.name), h("td", { class: "sum" }, bidi(one.received)), h("td", { class: "sum" }, one.refunded ? bidi(one.refunded) : "–"))),
      ),
    ),
    h("p", { id: "expected" }, h("strong", {}, t("expected_cash", { amount: amount(expected) }))),
  ];
}

function closedNote(closing) {
  return h(
    "div",
    { class: closing.difference ? "notice is-warn" : "notice is-ok", id: "closed" },
    h("p", {}, t("closed_by", { who: closing.closed_by_name, when: moments.dateAndTime(closing.closed_at, state.branch.zone) })),
    h("p", {}, t("counted", { counted: amount(closing.counted_cash), expected: amount(closing.expected_cash), difference: amount(closing.difference) })),
    closing.note && h("p", {}, closing.note),
    closing.left_open.length > 0 && h("p", {}, t("left_open", { n: moments.number(closing.left_open.length) })),
  );
}

async function close() {
  const { shown } = state;
  const body = await dialogue(t("close_day"), t("close"), (done) => {
    const counted = amountInput(t("counted_cash", { currency: shown.currency }), shown.currency, { hint: t("expected_cash", { amount: amount(shown.expected_cash) }) });
    const note = reasonInput(t("note"), { hint: t("note_hint"), optional: true });
    const leave = h("input", { type: "checkbox", id: "leave-open" });
    const value = () => {
      const units = counted.read();
      return units === null ? null : { counted_cash: units, note: note.read() ?? "", leave_open: leave.checked };
    };
    const open = shown.unclosed.length > 0 && h("label", { class: "check", for: "leave-open" }, leave, h("span", {}, t("leave_open", { n: moments.number(shown.unclosed.length) })));
    return form(done, value, [h("p", { class: "hint" }, t("close_day_hint")), counted.field, note.field, open], t("close_day"));
  });
  if (!body) return;
  announce(t("working"));
  try {
    await post("/day-close", { branch_id: state.branch.branch_id, date: state.day, ...body });
    announce(t("done_close_day"), "ok");
  } catch (problem) {
    announce(problem.text, "error");
  }
  await load();
  ($("#close-day") || $("#title")).focus?.();
}
