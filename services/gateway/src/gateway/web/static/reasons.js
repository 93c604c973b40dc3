// Why a message went out or did not: the ordered reasons of a verdict, in words.

import { h } from "./dom.js";
import * as moments from "./moments.js";
import { known, spoken, t } from "./texts.js";

/** The sentence of one reason; a code without words is shown as it is. */
export function sentence({ rule, result }) {
  const reason = `${rule}_${result}`;
  if (known(`because_${reason}`)) return t(`because_${reason}`);
  return known(`rule_${rule}`) ? `${t(`rule_${rule}`)}: ${spoken("why", result)}` : `${rule}: ${spoken("why", result)}`;
}

/** The list of reasons, in the order in which the rules were asked. `zone` is where instants are told. */
export function reasonList(reasons, zone) {
  return h("ol", { class: "reasons" }, reasons.map((one) => item(one, zone)));
}

function item(reason, zone) {
  const facts = factsOf(reason.detail, zone).filter(Boolean);
  return h(
    "li",
    { dataset: { rule: reason.rule, result: reason.result } },
    h("p", {}, reason.detail.channel && h("span", { class: "chip" }, spoken("channel", reason.detail.channel)), " ", h("strong", {}, sentence(reason))),
    facts.length > 0 && h("ul", { class: "reason-facts" }, facts.map((one) => h("li", {}, one))),
    reason.source && h("p", { class: "hint" }, `${t("rests_on")}: `, h("bdi", {}, sourceOf(reason.source)), readable(reason.source_urls)),
  );
}

/** Where a law or an operator's rule can be read. */
export const readable = (addresses) => (addresses || []).flatMap((one) => [" ", h("a", { href: one, rel: "noreferrer", dir: "ltr" }, new URL(one).hostname)]);

/** Codes of confidence stand in brackets at the end of each source. */
const sourceOf = (source) => spoken("owner", source).replace(/\[([LOCT])\]/g, (_, mark) => `[${t(`confidence_${mark}`)}]`);

function factsOf(detail, zone) {
  const at = (instant) => moments.dateAndTime(instant, zone);
  return [
    detail.local_time && t("fact_local_time", { when: localTime(detail), zone: detail.zone, offset: offsetOf(detail.offset_minutes), whose: t(`zone_of_${detail.zone_of}`) }),
    detail.holiday && t("fact_holiday", { name: detail.holiday }),
    detail.mourning && t("fact_mourning", { name: detail.mourning }),
    detail.estimated && t("fact_estimated"),
    detail.patient_quiet && t("fact_patient_quiet", { hours: detail.patient_quiet }),
    detail.entries?.length > 0 && t("fact_entries", { names: detail.entries.join(t("comma")) }),
    detail.status && t("fact_status", { status: spoken("status", detail.status) }),
    detail.ended && t("fact_ended", { state: spoken("message", detail.ended) }),
    detail.why && spoken("why", detail.why),
    detail.limit && t("fact_limit", { counted: moments.number(detail.counted), limit: moments.number(detail.limit), days: moments.number(detail.days) }),
    detail.cost !== undefined && t("fact_cost", { cost: moments.number(detail.cost / 100), most: moments.number(detail.may_cost / 100) }),
    detail.channels?.length > 0 && detail.channels.map((one) => spoken("channel", one)).join(t("comma")),
    detail.until && t("fact_until", { when: at(detail.until) }),
    detail.latest && t("fact_latest", { when: at(detail.latest) }),
    detail.starts_at && t("fact_starts", { when: at(detail.starts_at) }),
    detail.asked_at && t("fact_asked", { when: at(detail.asked_at) }),
    detail.provisional && t("fact_provisional"),
    detail.permission_ids?.length > 0 && t("fact_permissions", { n: moments.number(detail.permission_ids.length) }),
  ];
}

/** A wall time with its weekday: it is local already, so it is read as if it were UTC. */
function localTime({ local_time: text, weekday }) {
  return `${moments.weekdayName(weekday)}, ${moments.dateAndTime(`${text}:00Z`, "UTC")}`;
}

function offsetOf(minutes) {
  const [whole, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `\u2066UTC${minutes < 0 ? "−" : "+"}${whole}${rest ? `:${String(rest).padStart(2, "0")}` : ""}\u2069`;
}
