// The windows and caps in force, each with its layer, hours, validity, source and confidence; filtered by class and channel.

import { CHANNELS } from "./channels.js";
import { field, fill, h, option } from "./dom.js";
import * as moments from "./moments.js";
import { readable } from "./reasons.js";
import { spoken, t } from "./texts.js";

const ALWAYS = { first: "0001-01-01", last: "9999-12-31" };

/** Everything that binds, the country's before the clinic's own. */
export function inForce(told, directory) {
  const lines = [...told.pack.lines, ...told.policies.flatMap((one) => linesOf(one, directory))];
  const kind = h("select", { onchange: () => draw() }, ["service", "marketing"].map((one) => option(one, t(`class_${one}`))));
  const channel = h("select", { onchange: () => draw() }, [option("", t("every_channel")), ...CHANNELS.map((one) => option(one, t(`channel_${one}`)))]);
  const list = h("ul", { class: "stops", "aria-live": "polite" });
  const draw = () => fill(list, lines.filter((one) => one.classes.includes(kind.value) && (!channel.value || !one.channels || one.channels.includes(channel.value))).map(item));
  draw();
  return [h("div", { class: "toolbar" }, field(t("class"), kind), field(t("fact_channel"), channel)), list];
}

/** A clinic's own lines, in the shape of the country's. */
function linesOf({ branch_id: branch, policy }, directory) {
  const layer = { layer: branch ? "branch" : "network", at: branch && directory.branch(branch)?.name, confidence: "C" };
  return [...policy.windows.map((one) => ({ ...one, ...layer })), ...policy.caps.map((one) => ({ ...one, ...layer, open: [], cap: one }))];
}

function item(line) {
  const bans = [line.holidays === false && t("not_on_holidays"), line.mourning === false && t("not_on_mourning"), line.zone && t("counted_in", { zone: line.zone })];
  return h(
    "li",
    { class: "line-in-force", dataset: { line: line.id } },
    h("div", { class: "actions" }, h("span", { class: `chip is-${line.layer}` }, [t(`layer_${line.layer}`), line.at].filter(Boolean).join(": ")), h("span", { class: "hint" }, line.channels ? line.channels.map((one) => spoken("channel", one)).join(t("comma")) : t("every_channel"))),
    line.cap ? h("p", {}, h("strong", {}, t(`cap_${line.cap.counts}`, { limit: moments.number(line.cap.limit), days: moments.number(line.cap.days) }))) : line.open.map((one) => h("p", {}, h("strong", {}, hoursOf(one)))),
    bans.some(Boolean) && h("p", {}, bans.filter(Boolean).join(" · ")),
    h("p", { class: "hint" }, `${t("rests_on")}: `, h("bdi", {}, line.source), readable(line.source_url ? [line.source_url] : []), ` [${t(`confidence_${line.confidence}`)}]`, validity(line)),
  );
}

/** "Mon–Fri 09:00–13:00, 14:00–18:00". */
export function hoursOf({ days, hours }) {
  const clock = (text) => text.slice(0, 5);
  return `${daysOf(days)} ${hours.map(([opens, closes]) => `\u2066${clock(opens)}–${clock(closes) === "00:00" ? "24:00" : clock(closes)}\u2069`).join(t("comma"))}`;
}

function daysOf(days) {
  const runs = [];
  for (const day of [...days].sort()) {
    if (runs.length && runs.at(-1).at(-1) === day - 1) runs.at(-1).push(day);
    else runs.push([day]);
  }
  const name = (day) => moments.weekday(`2024-01-0${day}`);
  return runs.map((run) => (run.length > 2 ? `${name(run[0])}–${name(run.at(-1))}` : run.map(name).join(t("comma")))).join(t("comma"));
}

function validity({ valid_from: from, valid_to: to }) {
  const since = from && from !== ALWAYS.first && t("valid_from", { day: moments.shortDate(from) });
  const until = to && to !== ALWAYS.last && t("valid_to", { day: moments.shortDate(to) });
  return since || until ? ` · ${[since, until].filter(Boolean).join(" ")}` : "";
}
