// How sending stands, for managers: the brake, what providers hold back, what is due and blocked, and what it all cost.

import { get, once } from "./api.js";
import { CHANNELS } from "./channels.js";
import { $, announce, field, fill, focusOn, h, option } from "./dom.js";
import { looking, redraw, watching } from "./looking.js";
import * as moments from "./moments.js";
import { names } from "./colleagues.js";
import { begin } from "./staff.js";
import { spoken, t } from "./texts.js";

const REFRESH = 15_000;
const root = $("#page");
const post = once();
const began = await begin("sending.brake");
const zone = began?.directory.branches[0]?.zone || "UTC";
const at = (instant) => moments.dateAndTime(instant, zone);
const template = (name) => spoken("template", name);
const section = (id, title, ...parts) => h("section", { class: "card", "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), parts);
const table = (keys, rows) => h("div", { class: "scrolls", tabindex: "0" }, h("table", { class: "plain-table" }, h("thead", {}, h("tr", {}, keys.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, rows)));
const refused = (problem) => announce(problem.text, "error");
const standing = looking(() => get("/sending"), drawStanding, refused);
const report = looking(() => get("/reports/messages", range), drawReport, refused);
let nameOf = (actor) => actor;
const range = { from: "", to: "" };

if (began) {
  range.to = moments.dayOf(moments.now(), zone);
  range.from = moments.plusDays(range.to, -30);
  const [{ templates }, known] = await Promise.all([get("/templates"), names(began.session)]);
  nameOf = known;
  frame(templates.map((one) => one.name));
  report();
  watching(standing, REFRESH);
}

function frame(names) {
  const from = h("input", { type: "date", value: range.from, onchange: () => ranged({ from: from.value }) });
  const to = h("input", { type: "date", value: range.to, onchange: () => ranged({ to: to.value }) });
  fill(
    root,
    h("h1", { id: "messages-title" }, t("section_messages")),
    h(
      "div",
      { class: "stack" },
      section("brake", t("brake"), h("div", { id: "brakes", "aria-live": "polite" }), brakeForm(names)),
      section("limits", t("limits"), h("div", { id: "limits" })),
      section("blocked", t("blocked"), h("div", { id: "blocked" })),
      section("report", t("messages_report"), h("div", { class: "toolbar" }, field(t("report_from"), from), field(t("report_to"), to)), h("div", { id: "report", "aria-live": "polite" })),
    ),
  );
}

function brakeForm(names) {
  const channel = h("select", {}, [option("", t("every_channel")), ...CHANNELS.map((one) => option(one, t(`channel_${one}`)))]);
  const name = h("select", {}, [option("", t("every_template")), ...names.map((one) => option(one, template(one)))]);
  const pause = (event) => {
    event.preventDefault();
    brake("pause", { channel: channel.value || null, template: name.value || null });
  };
  return h(
    "form",
    { class: "toolbar", onsubmit: pause },
    field(t("fact_channel"), channel),
    field(t("template"), name),
    h("div", { class: "actions" }, h("button", { type: "submit", class: "primary danger" }, t("pause_sending"))),
  );
}

async function brake(what, body) {
  try {
    await post(`/sending/${what}`, body);
    announce(t(what === "pause" ? "paused_now" : "let_go_now"), "ok");
  } catch (problem) {
    announce(problem.text, "error");
  }
  await standing();
  focusOn($("#brake-title"));
}

function drawStanding({ brakes, limits, blocked }) {
  redraw($("#brakes"), () => fill($("#brakes"), brakes.length ? h("ul", { class: "stops" }, brakes.map(stopped)) : h("p", { class: "notice is-ok" }, t("nothing_paused"))), $("#brake-title"));
  fill($("#limits"), limits.length ? h("ul", { class: "stops" }, limits.map(limited)) : h("p", { class: "hint" }, t("no_limits")));
  fill($("#blocked"), blocked.length ? blockedTable(blocked) : h("p", { class: "hint" }, t("nothing_blocked")));
}

function stopped(one) {
  const what = [one.channel ? spoken("channel", one.channel) : t("every_channel"), one.template ? template(one.template) : t("every_template")].join(" · ");
  return h(
    "li",
    { class: "notice is-warn" },
    h("div", {}, h("strong", {}, what), h("p", { class: "hint" }, t("paused_since", { when: at(one.paused_at), who: nameOf(one.paused_by) }))),
    h("button", { type: "button", class: "secondary small", dataset: { key: `${one.channel}-${one.template}` }, "aria-label": `${t("let_go")}: ${what}`, onclick: () => brake("resume", { channel: one.channel, template: one.template }) }, t("let_go")),
  );
}

function limited(one) {
  const since = h("p", { class: "hint" }, t("limited_until", { when: at(one.until), n: moments.number(one.strikes) }));
  return h("li", { class: "notice is-warn" }, h("div", {}, h("strong", {}, spoken("channel", one.channel)), since));
}

function blockedTable(blocked) {
  const row = (one) =>
    h("tr", {}, h("th", { scope: "row" }, template(one.template)), h("td", {}, t(`blocked_${one.why}`)), h("td", { class: "sum" }, moments.number(one.count)), h("td", {}, at(one.first_at)));
  return table(["template", "why_title", "count", "first_due"], blocked.map(row));
}

function ranged(change) {
  Object.assign(range, change);
  if (range.from && range.to) report();
}

function drawReport({ rows }) {
  fill($("#report"), rows.length ? [counts(rows.filter((one) => one.labels.outcome)), costs(rows.filter((one) => one.labels.currency))] : h("p", { class: "hint" }, t("no_messages")));
}

function counts(rows) {
  const outcomes = [...new Set(rows.map((one) => one.labels.outcome))];
  const channels = [...new Set(rows.map((one) => one.labels.channel))];
  const count = (channel, outcome) => rows.find((one) => one.labels.channel === channel && one.labels.outcome === outcome)?.values.count;
  return h(
    "div",
    { class: "scrolls", tabindex: "0" },
    h(
      "table",
      { class: "plain-table" },
      h("caption", {}, t("counts_caption")),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("fact_channel")), outcomes.map((one) => h("th", { scope: "col", class: "sum" }, t(`message_${one}`))))),
      h(
        "tbody",
        {},
        channels.map((channel) =>
          h("tr", {}, h("th", { scope: "row" }, channel === "none" ? t("no_channel_yet") : spoken("channel", channel)), outcomes.map((one) => h("td", { class: "sum" }, count(channel, one) ? moments.number(count(channel, one)) : "—"))),
        ),
      ),
    ),
  );
}

function costs(rows) {
  if (!rows.length) return h("p", { class: "hint" }, t("no_costs"));
  const row = ({ labels, values }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, spoken("channel", labels.channel)),
      h("td", { class: "sum" }, moments.number(values.attempts)),
      h("td", { class: "sum" }, moments.number(values.segments)),
      h("td", { class: "sum" }, moments.money({ amount: values.cost, currency: labels.currency })),
    );
  return table(["fact_channel", "attempts", "segments", "cost"], rows.map(row));
}
