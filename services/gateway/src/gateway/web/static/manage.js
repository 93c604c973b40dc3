// One appointment by its patient's link: read, confirm, move, cancel.

import { get, once } from "./api.js";
import { $, announce, dialogue, field, fill, focusOn, h, option } from "./dom.js";
import { bookAgain, byPhone, fact, speak, trouble, whenLine, whenText, where, withWhom } from "./link_page.js";
import * as moments from "./moments.js";
import { joining } from "./online.js";
import { known, t, worded } from "./texts.js";
import { timeChooser } from "./times.js";

const root = $("#manage");
const link = `/links/${encodeURIComponent(root.dataset.token)}`;
const post = once();
const APPS = { telegram: "Telegram", line: "LINE", instagram: "Instagram" };
const REASONS = ["ill", "busy", "no_longer_needed", "other_clinic", "other"];

async function show(message, kind = "ok") {
  try {
    draw(await get(link), message, kind);
  } catch (problem) {
    trouble(root, problem, () => show());
  }
}

function draw(answer, message, kind) {
  const { appointment, branch, service, practitioner } = answer;
  speak(answer.network.locales);
  fill(
    root,
    h("h1", {}, t("your_appointment")),
    message && h("p", { class: `notice is-${kind}`, role: "status" }, message),
    h(
      "article",
      { class: "card" },
      h("p", { class: `chip is-${appointment.status}` }, t(`status_${appointment.status}`)),
      whenLine(appointment.starts_at, branch),
      h(
        "dl",
        { class: "facts" },
        fact(t("fact_service"), service ? worded(service.name, branch.locale) : ""),
        withWhom(practitioner, branch),
        where(answer),
        byPhone(branch),
        service && worded(service.preparation, branch.locale) && fact(t("fact_preparation"), worded(service.preparation, branch.locale)),
      ),
    ),
    answer.online && joining(answer, link, show),
    appointment.status === "displaced" && held(answer),
    !answer.actions.length && bookAgain(answer.book_path),
    answer.actions.length ? actions(answer) : h("p", { class: "hint" }, known(`read_only_${appointment.status}`) ? t(`read_only_${appointment.status}`) : t("read_only")),
    answer.chats.length > 0 && chats(answer.chats),
  );
}

/** Times that are held for whom the clinic displaced, soonest to take: filled in when they are known. */
function held({ branch }) {
  const host = h("section", { "aria-live": "polite" }, h("h2", {}, t("displaced_title")), h("p", { class: "loading" }, t("loading")));
  get(`${link}/alternatives`)
    .then(({ slots }) =>
      fill(
        host,
        h("h2", {}, t("displaced_title")),
        h("p", { class: "hint" }, t(slots.length ? "displaced_hint" : "nothing_free_at_all")),
        h(
          "div",
          { class: "actions is-stacked" },
          slots.map((slot) => h("button", { type: "button", class: "secondary", onclick: (event) => take(event, slot) }, whenText(slot.starts_at, branch))),
        ),
      ),
    )
    .catch((problem) => fill(host, h("p", { role: "alert" }, problem.text)));
  return host;
}

function take(event, { starts_at, practitioner_id, branch_id }) {
  return act(event, "reschedule", { starts_at, practitioner_id, branch_id }, t("moved_now"));
}

function actions(answer) {
  return h(
    "div",
    { class: "actions is-stacked" },
    answer.actions.includes("confirm") &&
      h("button", { type: "button", class: "primary", onclick: (event) => act(event, "confirm", {}, t("confirmed_now")) }, t("confirm_visit")),
    answer.actions.includes("reschedule") &&
      h("button", { type: "button", class: "secondary", onclick: () => move(answer) }, t("move_visit")),
    h("a", { class: "button secondary", href: `/api/v1${link}/calendar.ics` }, t("add_to_calendar")),
    answer.actions.includes("cancel") &&
      h("button", { type: "button", class: "quiet danger", onclick: cancel }, t("cancel_visit")),
  );
}

/** Opening the chat tells the clinic where to remind; LINE shows the code in its input field, to be sent. */
function chats(list) {
  const line = list.find((one) => one.channel === "line");
  return h(
    "section",
    { class: "chats" },
    h("h2", {}, t("chats_title")),
    h("p", { class: "hint" }, t("chats_hint")),
    h(
      "div",
      { class: "actions is-stacked" },
      list.map((one) => h("a", { class: "button secondary", href: one.url, target: "_blank", rel: "noopener" }, t("chats_open", { app: APPS[one.channel] }))),
    ),
    line && h("p", { class: "hint" }, t("chats_code"), " ", h("code", { dir: "ltr" }, line.code)),
  );
}

async function act(event, what, body, message) {
  event.currentTarget.disabled = true;
  await send(what, body, message);
}

async function send(what, body, message) {
  announce(t("loading"));
  try {
    await post(`${link}/${what}`, body);
    announce("");
    await show(message);
  } catch (problem) {
    announce("");
    const phone = problem.body.branch_phone;
    await show(phone ? `${problem.text} ${t("or_call", { phone })}` : problem.text, "error");
  }
  focusOn($("h1", root));
}

async function cancel() {
  const reason = await dialogue(t("cancel_why"), t("close"), (close) => {
    const radios = REASONS.map((one, index) =>
      h("label", { class: "check" }, h("input", { type: "radio", name: "reason", value: one, checked: index === REASONS.length - 1 }), h("span", {}, t(`reason_${one}`))),
    );
    return h(
      "form",
      {
        class: "form",
        onsubmit: (event) => {
          event.preventDefault();
          close(new FormData(event.currentTarget).get("reason"));
        },
      },
      h("fieldset", { class: "plain" }, h("legend", { class: "visually-hidden" }, t("cancel_why")), radios),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "submit", class: "primary danger" }, t("cancel_visit")),
        h("button", { type: "button", class: "secondary", onclick: () => close(null) }, t("keep_visit")),
      ),
    );
  });
  if (reason) await send("cancel", { reason }, t("cancelled_now"));
}

function move({ appointment, branch }) {
  const host = h("div", { class: "times" });
  const heading = h("h1", {}, t("move_visit_title"));
  const reason = h("select", {}, ["unspecified", ...REASONS].map((one) => option(one, t(`reason_${one}`))));
  fill(
    root,
    heading,
    h("p", { class: "hint" }, t("move_from", { when: whenText(appointment.starts_at, branch) })),
    field(t("move_why"), reason),
    host,
    h("button", { type: "button", class: "quiet back", onclick: () => show() }, t("back")),
  );
  focusOn(heading);
  timeChooser(host, {
    find: async (day, days) => (await get(`${link}/slots`, { from: day, days })).slots,
    zone: branch.zone,
    from: moments.dayOf(appointment.starts_at, branch.zone),
    onpick: (slot) => send("reschedule", { starts_at: slot.starts_at, reason: reason.value }, t("moved_now")),
  });
}

show();
