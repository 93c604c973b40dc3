// What the pages behind patients' links share: the facts of one visit, and what is said when a link does not open.

import { fill, focusOn, h } from "./dom.js";
import * as moments from "./moments.js";
import { known, t, worded } from "./texts.js";

export const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** Day and time of something, in the branch's own. */
export const whenText = (instant, { zone }) => moments.longDay(moments.dayOf(instant, zone)) + t("comma") + moments.time(instant, zone);

export const whenLine = (instant, { zone }) =>
  h("p", { class: "when" }, h("strong", {}, moments.longDay(moments.dayOf(instant, zone), true)), h("strong", { class: "when-time" }, moments.time(instant, zone)));

export const withWhom = (practitioner, branch) =>
  practitioner && fact(t("fact_practitioner"), worded(practitioner.name_forms?.display, branch.locale) || practitioner.name);

export const byPhone = (branch) => fact(t("fact_phone"), h("a", { href: `tel:${branch.phone}`, dir: "ltr" }, branch.phone));

/** The place down to its room; for an online visit there is none to come to. */
export function where({ branch, service, practitioner }) {
  if (service?.virtual) return fact(t("fact_where"), t("online"));
  const { address } = branch;
  const room = practitioner?.room || address.room;
  const inside = [address.entrance && t("entrance", { value: address.entrance }), address.floor && t("floor", { value: address.floor }), room && t("room", { value: room })];
  return fact(t("fact_where"), [
    h("span", {}, branch.name),
    h("span", {}, [address.city, address.street].filter(Boolean).join(t("comma"))),
    h("span", {}, inside.filter(Boolean).join(t("comma"))),
  ]);
}

/** The page cannot know the network before the link is read: keep only its languages in the switcher. */
export function speak(locales) {
  for (const link of document.querySelectorAll("[data-language]")) link.parentElement.hidden = !locales.includes(link.dataset.language);
}

export const bookAgain = (path) => h("a", { class: "button primary", href: path }, t("book_again"));

/** A link that is no more leads to the next visit, where it can; anything else can be tried again. */
export function trouble(root, problem, retry) {
  const over = known(`${problem.code}.title`);
  const again = problem.body?.book_path;
  const heading = h("h1", {}, over ? t(`${problem.code}.title`) : t("problem.title"));
  fill(
    root,
    heading,
    h("p", { role: "alert" }, problem.text),
    !over && h("button", { type: "button", class: "secondary", onclick: retry }, t("retry")),
    again && bookAgain(again),
  );
  focusOn(heading);
}
