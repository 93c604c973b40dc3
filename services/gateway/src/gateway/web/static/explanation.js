// One message, opened: its text, what was tried on which channel, and why it went out or did not, now or at another moment.

import { get } from "./api.js";
import { field, fill, h } from "./dom.js";
import { answerInto } from "./looking.js";
import * as moments from "./moments.js";
import { reasonList } from "./reasons.js";
import { spoken, t } from "./texts.js";

/** A timeline entry that opens; the explanation is asked for when it does. */
export function openedMessage(message, zone) {
  const why = h("div", { class: "why", "aria-live": "polite" });
  const explain = (at) => show(why, message, zone, at);
  const body = h(
    "div",
    { class: "opened" },
    message.text && h("p", { class: "said", dir: "auto", lang: message.locale || null }, message.text),
    facts(message, zone),
    attempts(message, zone),
    h("h4", {}, t("why_title")),
    why,
    anotherMoment(message, zone, explain),
  );
  const details = h("details", { class: "opener", dataset: { message: message.message_id } }, h("summary", {}, t("open_message")), body);
  details.addEventListener("toggle", () => details.open && !why.hasChildNodes() && explain(null));
  return details;
}

function facts(message, zone) {
  const line = (name, value) => value && h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return h(
    "dl",
    { class: "facts is-inline" },
    line(t("class"), t(`class_${message.message_class}`)),
    line(t("meant_for"), moments.dateAndTime(message.target_at, zone)),
    line(t("due_now"), message.due_at && moments.dateAndTime(message.due_at, zone)),
    line(t("wording"), message.template_version && wording(message.template_version)),
  );
}

const wording = (version) => (version === "built-in" ? t("built_in") : t("version_n", { n: version.replace(/^branch-/, "") }));

function attempts({ attempts: tried, text }, zone) {
  if (!tried.length) return h("p", { class: "hint" }, t("nothing_tried"));
  const heads = ["fact_channel", "column_time", "column_status", "segments", "cost"].map((key) => h("th", { scope: "col" }, t(key)));
  const table = h("table", { class: "plain-table" }, h("caption", {}, t("attempts")), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, tried.flatMap((one) => [attempt(one, zone), one.text && one.text !== text && ownWords(one.text)])));
  return h("div", { class: "scrolls", tabindex: "0" }, table);
}

function attempt(one, zone) {
  const state = one.outcome === "accepted" && one.delivery !== "none" ? one.delivery : one.outcome;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, spoken("channel", one.channel)),
    h("td", {}, moments.dateAndTime(one.at, zone)),
    h("td", {}, h("span", { class: `chip is-${state}` }, t(`attempt_${state}`)), one.reason && h("span", { class: "hint" }, ` ${spoken("why", one.reason)}`)),
    h("td", { class: "sum" }, one.segments ? moments.number(one.segments) : "—"),
    h("td", { class: "sum" }, one.cost ? moments.money(one.cost) : "—"),
  );
}

/** What this channel was told in words of its own. */
const ownWords = (text) => h("tr", {}, h("td", { colspan: "5" }, h("p", { class: "said", dir: "auto" }, text)));

function anotherMoment(message, zone, explain) {
  const now = moments.now();
  const day = h("input", { type: "date", required: true, value: moments.dayOf(now, zone) });
  const time = h("input", { type: "time", required: true, value: "23:30" });
  const ask = (event) => {
    event.preventDefault();
    if (day.value && time.value) explain(moments.instantAt(day.value, time.value, zone));
  };
  return h(
    "form",
    { class: "another-moment", onsubmit: ask },
    h("fieldset", { class: "group" }, h("legend", {}, t("another_moment")), h(
      "div",
      { class: "grid" },
      field(t("day"), day),
      field(t("column_time"), time),
      h("div", { class: "actions" }, h("button", { type: "submit", class: "secondary small" }, t("ask_moment")), h("button", { type: "button", class: "quiet small", onclick: () => explain(null) }, t("as_decided"))),
    )),
  );
}

function show(place, message, zone, at) {
  return answerInto(
    place,
    () => get(`/messages/${encodeURIComponent(message.message_id)}/explanation`, { at }),
    (told) => fill(place, verdict(told, zone, at), reasonList(told.reasons, zone), policy(told)),
  );
}

function verdict(told, zone, at) {
  const channels = (told.channels.length ? told.channels : [told.channel].filter(Boolean)).map((one) => spoken("channel", one)).join(t("comma"));
  const when = told.send_at && moments.dateAndTime(told.send_at, zone);
  const asked = at ? t("decided_for", { when: moments.dateAndTime(at, zone) }) : t("decided_at", { when: moments.dateAndTime(told.decided_at, zone) });
  const words = { send: "verdict_send", wait: when ? "verdict_wait" : "verdict_brake", drop: "verdict_drop" }[told.verdict];
  return h("p", { class: `verdict is-${told.verdict}` }, h("strong", {}, t(words, { when, channels })), h("span", { class: "hint" }, ` ${asked}`));
}

const policy = (told) =>
  h("p", { class: "hint" }, `${t("policy_version")}: `, h("bdi", {}, told.policy_version), told.policy_digest && h("bdi", { title: told.policy_digest }, ` · SHA-256 ${told.policy_digest.slice(0, 12)}…`));
