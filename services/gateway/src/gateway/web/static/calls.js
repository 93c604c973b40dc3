// The call list: who has not confirmed for a day, with the phone, and the task that stands for the call.

import { get, once } from "./api.js";
import { confirmation, outcomeOf } from "./call_outcome.js";
import { $, announce, field, fill, goOnAt, h, option } from "./dom.js";
import { follow } from "./live.js";
import { calmly, later, looking, redraw } from "./looking.js";
import * as moments from "./moments.js";
import { begin, may, toLogin } from "./staff.js";
import { spoken, t, worded } from "./texts.js";

const root = $("#page");
const query = new URLSearchParams(location.search);
const post = once();
const began = await begin("calls.read");
const state = { branch: null, day: null };
const load = looking(
  () => get("/call-list", { branch_id: state.branch.branch_id, date: state.day }),
  (list) => redraw($("#list"), () => draw(list), $("#calls-title")),
  (problem) => announce(problem.text, "error"),
);
const reload = calmly(load);
const lookAgain = later(load);

if (began) start();

function start() {
  const { session, directory } = began;
  const mine = directory.branches.filter((one) => !session.branch_ids.length || session.branch_ids.includes(one.branch_id));
  state.branch = mine.find((one) => one.branch_id === query.get("branch")) || mine[0];
  if (!state.branch) {
    fill(root, h("h1", {}, t("section_calls")), h("p", { class: "notice" }, t("no_branches")));
    return;
  }
  state.day = query.get("date") || moments.plusDays(moments.dayOf(moments.now(), state.branch.zone), 1);
  const branch = h("select", { id: "branch", onchange: () => at({ branch: mine.find((one) => one.branch_id === branch.value) }) }, mine.map((one) => option(one.branch_id, one.name, one === state.branch)));
  const day = h("input", { id: "day", type: "date", required: true, value: state.day, onchange: () => day.value && at({ day: day.value }) });
  fill(
    root,
    h("h1", { id: "calls-title" }, t("section_calls")),
    h("div", { class: "toolbar" }, field(t("branch"), branch), field(t("day"), day)),
    h("div", { id: "list", "aria-live": "polite" }, h("p", { class: "loading" }, t("loading"))),
  );
  load();
  follow({ onchange: (event) => /^(reload|appointment|task|message)/.test(event.event) && reload(), onstate: () => {}, onover: toLogin });
}

function at(change) {
  Object.assign(state, change);
  query.set("branch", state.branch.branch_id);
  query.set("date", state.day);
  history.replaceState(null, "", `?${query}`);
  load();
}

function draw({ rows, unavailable, left_out: more }) {
  fill(
    $("#list"),
    unavailable.length > 0 && h("p", { class: "notice", role: "status" }, t("parts_missing", { parts: unavailable.map((one) => spoken("part", one)).join(t("comma")) })),
    more > 0 && h("p", { class: "notice is-warn" }, t("rows_left_out", { shown: moments.number(rows.length), n: moments.number(more) })),
    rows.length ? h("ul", { class: "tasks" }, rows.map(item)) : h("p", { class: "empty-day" }, t("nobody_to_call")),
  );
  if (unavailable.length) lookAgain();
}

function item({ appointment, patient, message, reason, task, outcome }) {
  const { directory } = began;
  const service = worded(directory.service(appointment.service_id)?.name, state.branch.locale);
  const name = patient.full_name || t("patient");
  return h(
    "li",
    { class: "card task", dataset: { key: appointment.id, appointment: appointment.id } },
    h(
      "div",
      {},
      h("h2", {}, `${moments.time(appointment.starts_at, state.branch.zone)} · ${name}`),
      h("p", {}, [service, directory.practitioner(appointment.practitioner_id)?.name].filter(Boolean).join(" · ")),
      patient.phone && h("p", {}, h("a", { href: `tel:${patient.phone}`, dir: "ltr", class: "phone", dataset: { key: `phone-${appointment.id}` } }, patient.phone)),
      h("p", { class: "hint" }, spoken("why", reason)),
      outcome && h("p", {}, `${t("call_outcome")}: `, h("bdi", {}, outcome)),
    ),
    h("p", {}, h("span", { class: `chip is-${message}` }, spoken("message", message)), task && h("span", { class: `chip is-${task.status}` }, t(`task_${task.status}`))),
    h("div", { class: "actions" }, actions(appointment, patient, task, name)),
  );
}

function actions(appointment, patient, task, name) {
  const { session } = began;
  const about = (key) => ({ "aria-label": `${t(key)}: ${name}`, dataset: { key: `${key}-${appointment.id}` } });
  const button = (look, key, onclick) => h("button", { type: "button", class: `${look} small`, ...about(key), onclick }, t(key));
  const link = (key, href) => h("a", { class: "button quiet small", ...about(key), href }, t(key));
  const changes = may(session, "appointments.change");
  const works = task && may(session, "tasks.work");
  return [
    may(session, "patients.read") && link("patient", `/patients/${patient.id}`),
    changes && link("move_on_desk", `/desk?branch=${state.branch.branch_id}&date=${state.day}`),
    works && task.status === "open" && button("secondary", "take", () => act(appointment, [[`/tasks/${task.task_id}/take`, {}]], "task_taken_now")),
    (changes || works) && button("secondary", "call_outcome", () => finish(appointment, task, name)),
    changes && button("primary", "confirmed_by_phone", () => act(appointment, confirmation(appointment, task, session), "confirmed_now")),
  ];
}

async function finish(appointment, task, name) {
  const orders = await outcomeOf(appointment, task, { name, session: began.session });
  if (orders) await act(appointment, orders, "call_outcome_kept");
}

/** Carry orders out one after the other, up to the first that is refused. */
async function act(appointment, orders, done) {
  try {
    for (const [path, body] of orders) await post(path, body);
    announce(t(done), "ok");
  } catch (problem) {
    announce(problem.text, "error");
  }
  await load();
  goOnAt(document.querySelector(`[data-appointment="${CSS.escape(appointment.id)}"] button`) || $("#calls-title"));
}
