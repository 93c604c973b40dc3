// What the parts of the schedule share: a list that is loaded, and words for what directory ids mean.

import { announce, fill, h } from "./dom.js";
import { looking, redraw } from "./looking.js";
import { t, worded } from "./texts.js";

/** A loader of one list: `ask()` gives the items as elements. */
export function lister(host, ask, nothing) {
  const draw = (items) => fill(host, items.length ? h("ul", { class: "tasks" }, items) : h("p", { class: "empty-day" }, nothing));
  return looking(
    ask,
    (items) => redraw(host, () => draw(items), host),
    (problem) => announce(problem.text, "error"),
  );
}

/** A button of a list's item, which keeps the keyboard when the list is drawn anew. */
export function act(what, id, label, about, look, onclick) {
  return h("button", { type: "button", class: `${look} small`, dataset: { key: `${what}-${id}` }, "aria-label": `${label}: ${about}`, onclick }, label);
}

/** "Hygiene · Dr A · Centre": what was asked for, and by whom and where if that was said. */
export function wish({ directory, branch }, { service_id, service_kind, practitioner_id, branch_id }) {
  const service = service_id ? worded(directory.service(service_id)?.name, branch.locale) : service_kind;
  return [service, directory.practitioner(practitioner_id)?.name || t("any_practitioner"), branch_id && directory.branch(branch_id)?.name].filter(Boolean).join(" · ");
}
