// Who calls now: a card for each call that rings or is spoken, with everybody whom its number belongs to.

import { get } from "./api.js";
import { h } from "./dom.js";
import { redraw } from "./looking.js";
import { t } from "./texts.js";

const OVER = ["ended", "missed"];

/** Returns what to do with an event: true where it was about a call and nothing else has to be drawn anew. */
export function incomingCalls(place, branch) {
  async function show(id) {
    let call;
    try {
      call = await get(`/calls/${id}`);
    } catch {
      return; // another branch's, or gone: there is nothing to show
    }
    const known = place.querySelector(`[data-call="${CSS.escape(id)}"]`);
    const elsewhere = call.branch_id && call.branch_id !== branch()?.branch_id;
    if (OVER.includes(call.state) || elsewhere) {
      known?.remove();
      return;
    }
    const fresh = card(call);
    if (known) redraw(place, () => known.replaceWith(fresh), fresh);
    else place.prepend(fresh);
  }

  return (event) => {
    if (!event.event?.startsWith("call.")) return false;
    show(event.call_id);
    return true;
  };
}

function card(call) {
  const own = h(
    "article",
    { class: "card call", dataset: { call: call.call_id, state: call.state } },
    h("h2", {}, t("call_title"), " ", h("span", { class: "chip is-open" }, t(`call_${call.state}`))),
    h("p", {}, call.number.startsWith("+") ? h("a", { href: `tel:${call.number}`, dir: "ltr", dataset: { key: `number-${call.call_id}` } }, call.number) : t("call_withheld")),
    call.candidates.length
      ? h("ul", {}, call.candidates.map((one) => h("li", {}, h("a", { href: `/patients/${one.patient_id}`, dataset: { key: `${one.patient_id}-${call.call_id}` } }, one.full_name || t("patient_unknown")))))
      : h("p", { class: "hint" }, t("call_unknown")),
    h("button", { type: "button", class: "quiet small", dataset: { key: `close-${call.call_id}` }, onclick: () => own.remove() }, t("close")),
  );
  return own;
}
