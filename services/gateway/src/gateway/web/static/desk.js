// The day board of a branch: what happens today, live, and what the desk does about it.

import { get } from "./api.js";
import { $, announce, closeMenusOutside, fill, goOnAt, h, option } from "./dom.js";
import * as acts from "./desk_acts.js";
import * as booking from "./desk_booking.js";
import { incomingCalls } from "./desk_calls.js";
import { queuePanel } from "./desk_queue.js";
import { follow } from "./live.js";
import { calmly, later, looking, redraw } from "./looking.js";
import { balanceLines, billLine } from "./money_parts.js";
import * as moments from "./moments.js";
import { searchPanel } from "./search.js";
import { begin, may, REMEMBERED, toLogin } from "./staff.js";
import { t, worded } from "./texts.js";

const query = new URLSearchParams(location.search);
const root = $("#page");

const state = { branch: null, day: null, board: null, session: null, directory: null, queue: null, trouble: "" };
const load = looking(() => get("/day-board", { branch_id: state.branch.branch_id, date: state.day }), shown, refused);
const reload = calmly(load);
const lookAgain = later(load);

function start({ session, directory }) {
  Object.assign(state, { session, directory });
  const mine = directory.branches.filter((one) => !session.branch_ids.length || session.branch_ids.includes(one.branch_id));
  const wish = query.get("branch") || localStorage.getItem(REMEMBERED);
  state.branch = mine.find((one) => one.branch_id === wish) || mine[0] || null;
  if (!state.branch) {
    fill(root, h("h1", {}, t("section_desk")), h("p", { class: "notice" }, t("no_branches")));
    return;
  }
  state.day = query.get("date") || moments.dayOf(moments.now(), state.branch.zone);
  frame(mine);
  closeMenusOutside();
  load();
  const ring = may(session, "calls.read") ? incomingCalls($("#calls"), () => state.branch) : () => {};
  follow({ onchange: (event) => ring(event) || state.queue.hears(event) || reload(), onstate: liveState, onover: toLogin });
}

// --- the frame --------------------------------------------------------------------------------------------

function frame(branches) {
  state.queue = queuePanel(around);
  const branchPicker = h(
    "select",
    { id: "branch", onchange: (event) => at({ branch: branches.find((one) => one.branch_id === event.target.value) }) },
    branches.map((one) => option(one.branch_id, one.name, one === state.branch)),
  );
  const dayPicker = h("input", { id: "day", type: "date", required: true, value: state.day, onchange: (event) => event.target.value && at({ day: event.target.value }) });
  const step = (sign, label, count) =>
    h("button", { type: "button", class: "secondary icon", "aria-label": label, onclick: () => at({ day: moments.plusDays(state.day, count) }) }, sign);
  fill(
    root,
    h(
      "div",
      { class: "desk-head" },
      h("div", {}, h("h1", { id: "desk-title" }, ""), h("p", { class: "hint", id: "desk-counts" })),
      h("p", { id: "live", class: "live", role: "status" }),
    ),
    h("div", { id: "calls", class: "calls", role: "log", "aria-live": "assertive", "aria-label": t("call_title") }),
    h(
      "div",
      { class: "toolbar" },
      h("div", { class: "field" }, h("label", { for: "branch" }, t("branch")), branchPicker),
      h(
        "div",
        { class: "field" },
        h("label", { for: "day" }, t("day")),
        h(
          "div",
          { class: "stepper" },
          step("‹", t("day_before"), -1),
          dayPicker,
          step("›", t("day_after"), 1),
          h("button", { type: "button", class: "secondary", onclick: () => at({ day: moments.dayOf(moments.now(), state.branch.zone) }) }, t("today")),
        ),
      ),
      may(state.session, "appointments.book") &&
        h(
          "div",
          { class: "actions" },
          h("button", { type: "button", class: "primary", onclick: () => booking.book(around(), null) }, t("book")),
          h("button", { type: "button", class: "secondary", onclick: () => booking.walkIn(around(), null) }, t("walk_in")),
        ),
    ),
    h(
      "div",
      { class: "desk" },
      h("section", { class: "board", "aria-labelledby": "desk-title" }, h("div", { id: "rows" }, h("p", { class: "loading" }, t("loading")))),
      may(state.session, "patients.search") && searchPanel(around),
      state.queue.panel,
    ),
  );
}

/** What an act needs to know of where it happens. */
function around() {
  return { ...state, changed };
}

function at(change) {
  Object.assign(state, change);
  localStorage.setItem(REMEMBERED, state.branch.branch_id);
  query.set("branch", state.branch.branch_id);
  query.set("date", state.day);
  history.replaceState(null, "", `?${query}`);
  for (const link of document.querySelectorAll("[data-language]")) {
    const there = new URLSearchParams(query);
    there.set("lang", link.dataset.language);
    link.href = `?${there}`;
  }
  $("#day").value = state.day;
  if (change.branch) state.queue.load();
  load();
}

function liveState(now) {
  const line = $("#live");
  line.className = `live is-${now}`;
  line.textContent = t(`live_${now}`);
}

// --- the rows ---------------------------------------------------------------------------------------------

function shown(board) {
  state.board = board;
  told("");
  redraw($("#rows"), draw, $("#desk-title"));
  if (board.unavailable.length) lookAgain();
}

function refused(problem) {
  if (problem.status === 401) toLogin();
  told(problem.text);
  if (problem.passing) lookAgain();
}

/** Why there is no board is said once, and is over when there is one; what acts have said stays. */
function told(trouble) {
  if (trouble !== state.trouble && (trouble || $("#announcement").textContent === state.trouble)) announce(trouble, "error");
  state.trouble = trouble;
}

/** An act was carried out (or refused): show the day again, and keep the keyboard at the same row. */
async function changed(text, kind = "ok", appointmentId = null) {
  announce(text, kind);
  await load();
  const row = appointmentId && document.querySelector(`[data-appointment="${CSS.escape(appointmentId)}"]`);
  if (row) {
    row.classList.add("is-touched");
    goOnAt(row.querySelector("button") || row);
  }
}

function draw() {
  const { rows, unavailable, left_out: more } = state.board;
  $("#desk-title").textContent = moments.longDay(state.day, true);
  const open = rows.filter((one) => !["cancelled", "held"].includes(one.appointment.status));
  $("#desk-counts").textContent = t("counts", {
    all: moments.number(open.length),
    confirmed: moments.number(open.filter((one) => one.appointment.status !== "booked" && one.appointment.status !== "noshow").length),
    unconfirmed: moments.number(open.filter((one) => one.appointment.status === "booked").length),
  });
  fill(
    $("#rows"),
    unavailable.length > 0 && h("p", { class: "notice is-warn" }, t("parts_missing", { parts: unavailable.map((one) => t(`owner_${one}`)).join(t("comma")) })),
    more > 0 && h("p", { class: "notice is-warn" }, t("rows_left_out", { shown: moments.number(rows.length), n: moments.number(more) })),
    rows.length ? table(rows) : h("p", { class: "empty-day" }, t("no_rows")),
  );
}

function table(rows) {
  const columns = ["time", "patient", "visit", "status", "message", "acts"];
  return h(
    "table",
    { class: "rows" },
    h("caption", { class: "visually-hidden" }, t("section_desk")),
    h("thead", {}, h("tr", {}, columns.map((one) => h("th", { scope: "col" }, t(`column_${one}`))))),
    h("tbody", {}, rows.map(rowOf)),
  );
}

function rowOf(row) {
  const { appointment, patient } = row;
  const { zone, locale } = state.branch;
  const service = state.directory.service(appointment.service_id);
  const practitioner = state.directory.practitioner(appointment.practitioner_id);
  const name = patient.status === "ok" ? patient.full_name : t("patient_unknown");
  return h(
    "tr",
    { class: `row is-${appointment.status}`, dataset: { key: appointment.id, appointment: appointment.id, status: appointment.status } },
    h(
      "th",
      { scope: "row", class: "cell-time" },
      h("span", { class: "row-time" }, moments.time(appointment.starts_at, zone)),
      h("span", { class: "row-until" }, `–${moments.time(appointment.ends_at, zone)}`),
    ),
    h(
      "td",
      { class: "cell-patient" },
      may(state.session, "patients.read") ? h("a", { href: `/patients/${patient.id}`, dataset: { key: `patient-${appointment.id}` } }, name) : h("span", {}, name),
      h("span", { class: "row-facts" }, patient.phone && h("a", { href: `tel:${patient.phone}`, dir: "ltr", dataset: { key: `phone-${appointment.id}` } }, patient.phone), allergyFlag(row.alerts)),
      balanceLines(row.balances),
    ),
    h(
      "td",
      { class: "cell-visit" },
      h("span", {}, service ? worded(service.name, locale) : t("unknown")),
      h("span", { class: "row-facts" }, practitioner ? practitioner.name : t("unknown")),
    ),
    h("td", { class: "cell-status" }, h("span", { class: `chip is-${appointment.status}` }, t(`status_${appointment.status}`)), appointment.overbooked && h("span", { class: "chip is-alert" }, t("overbooked")), billLine(appointment), appointment.sequence > 0 && h("span", { class: "row-facts" }, t("moved_times", { n: moments.number(appointment.sequence) }))),
    h("td", { class: "cell-message" }, h("span", { class: "row-label" }, t("column_message"), ": "), h("span", { class: `message is-${row.message}` }, t(`message_${row.message}`))),
    h("td", { class: "cell-acts" }, acts.buttons(around(), row, name)),
  );
}

/** "Unknown" while the owner of the cards is silent: nobody may read that as "none". */
function allergyFlag({ allergy, items }) {
  if (allergy === "no" && !items.length) return null;
  if (allergy === "unknown") return h("span", { class: "chip is-open" }, t("allergy_unknown"));
  const words = items.map((one) => one.text).join(t("comma"));
  return h("span", { class: "chip is-alert" }, `⚠ ${allergy === "yes" ? t("allergy") : t("alert")}: ${words}`);
}

const began = await begin("board.read");
if (began) start(began);
