// The call list: who has not confirmed for a day, with the phone, and the task that stands for the call.

import { get, once } from "./api.js";
import { $, announce, field, fill, focusOn, h, option } from "./dom.js";
import { follow } from "./live.js";
import * as moments from "./moments.js";
import { begin, may, toLogin } from "./staff.js";
import { spoken, t, worded } from "./texts.js";

const root = $("#page");
const query = new URLSearchParams(location.search);
const post = once();
const began = await begin("calls.read");
const state = { branch: null, day: null };
let asked = 0;

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
  follow({ onchange: (event) => /^(reload|appointment|task|message)/.test(event.event) && load(), onstate: () => {}, onover: toLogin });
}

function at(change) {
  Object.assign(state, change);
  query.set("branch", state.branch.branch_id);
  query.set("date", state.day);
  history.replaceState(null, "", `?${query}`);
  load();
}

async function load() {
  const mine = (asked += 1);
  try {
    const { rows, unavailable } = await get("/call-list", { branch_id: state.branch.branch_id, date: state.day });
    if (mine !== asked) return;
    fill(
      $("#list"),
      unavailable.length && h("p", { class: "notice", role: "status" }, t("parts_missing", { parts: unavailable.map((one) => spoken("part", one)).join(t("comma")) })),
      rows.length ? h("ul", { class: "tasks" }, rows.map(item)) : h("p", { class: "empty-day" }, t("nobody_to_call")),
    );
  } catch (problem) {
    if (mine === asked) announce(problem.text, "error");
  }
}

function item({ appointment, patient, message, reason, task }) {
  const { directory, session } = began;
  const service = worded(directory.service(appointment.service_id)?.name, state.branch.locale);
  const name = patient.full_name || t("patient");
  return h(
    "li",
    { class: "card task", dataset: { appointment: appointment.id } },
    h(
      "div",
      {},
      h("h2", {}, `${moments.time(appointment.starts_at, state.branch.zone)} · ${name}`),
      h("p", {}, [service, directory.practitioner(appointment.practitioner_id)?.name].filter(Boolean).join(" · ")),
      patient.phone && h("p", {}, h("a", { href: `tel:${patient.phone}`, dir: "ltr", class: "phone" }, patient.phone)),
      h("p", { class: "hint" }, spoken("why", reason)),
    ),
    h("p", {}, h("span", { class: `chip is-${message}` }, spoken("message", message)), task && h("span", { class: `chip is-${task.status}` }, t(`task_${task.status}`))),
    h(
      "div",
      { class: "actions" },
      may(session, "patients.read") && h("a", { class: "button quiet small", href: `/patients/${patient.id}` }, t("patient")),
      task && may(session, "tasks.work") && task.status === "open" && h("button", { type: "button", class: "secondary small", "aria-label": `${t("take")}: ${name}`, onclick: () => act(appointment, `/tasks/${task.task_id}/take`, "task_taken_now") }, t("take")),
      may(session, "appointments.change") && h("button", { type: "button", class: "primary small", "aria-label": `${t("confirmed_by_phone")}: ${name}`, onclick: () => confirm(appointment, task) }, t("confirmed_by_phone")),
    ),
  );
}

/** The patient said yes: the visit is confirmed, and the task about it is done. */
async function confirm(appointment, task) {
  const confirmed = await act(appointment, `/appointments/${appointment.id}/confirm`, "confirmed_now");
  if (confirmed && task && may(began.session, "tasks.work")) await act(appointment, `/tasks/${task.task_id}/done`, "task_done_now");
}

async function act(appointment, path, done) {
  try {
    await post(path, {});
    announce(t(done), "ok");
    return true;
  } catch (problem) {
    announce(problem.text, "error");
    return false;
  } finally {
    await load();
    focusOn(document.querySelector(`[data-appointment="${CSS.escape(appointment.id)}"] button`) || $("#calls-title"));
  }
}
