// Every version that was ever published, newest first; an older one can be brought back, as a new version.

import { dialogue, h } from "./dom.js";
import * as moments from "./moments.js";
import { OWN_NAMES, spoken, t } from "./texts.js";

export function history(view, nameOf, bringBack) {
  return h(
    "section",
    { class: "card stack" },
    h("h2", {}, t("versions")),
    view.versions.length ? h("ol", { class: "versions" }, view.versions.map((one, place) => version(one, place === 0, nameOf, bringBack))) : h("p", { class: "hint" }, t("no_versions")),
  );
}

function version(one, inForce, nameOf, bringBack) {
  const back = async () => (await dialogue(t("bring_back_title", { n: moments.number(one.number) }), t("close"), (close) => confirm(one, close))) && bringBack(one.number);
  return h(
    "li",
    { class: "visit", dataset: { version: one.number } },
    h("span", { class: "visit-when" }, t("version_n", { n: moments.number(one.number) })),
    inForce && h("span", { class: "chip is-ok" }, t("in_force")),
    h("span", { class: "visit-what" }, [`${moments.dateAndTime(one.published_at, "UTC")} UTC`, nameOf(one.published_by), one.from_number && t("from_version", { n: moments.number(one.from_number) })].filter(Boolean).join(" · ")),
    one.waivers.map((waived) => h("span", { class: "visit-what" }, t("waived_by", { finding: spoken("finding", waived.code), who: waived.approver, why: waived.reason }))),
    h("details", { class: "rest" }, h("summary", {}, t("show_wording")), Object.entries(one.body.texts).map(([locale, text]) => quoted(locale, text))),
    !inForce && h("button", { type: "button", class: "secondary small", "aria-label": t("bring_back_title", { n: moments.number(one.number) }), onclick: back }, t("bring_back")),
  );
}

const quoted = (locale, text) => h("div", { class: "quoted", dir: "auto", lang: locale }, h("p", { class: "hint" }, OWN_NAMES[locale] || locale), text.lines.map((line) => h("p", {}, line)), text.sms.length > 0 && [h("p", { class: "hint" }, "SMS"), text.sms.map((line) => h("p", {}, line))]);

const confirm = (one, close) =>
  h("div", { class: "form" }, Object.entries(one.body.texts).map(([locale, text]) => quoted(locale, text)), h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: () => close(true) }, t("bring_back")), h("button", { type: "button", class: "secondary", onclick: () => close(null) }, t("leave"))));
