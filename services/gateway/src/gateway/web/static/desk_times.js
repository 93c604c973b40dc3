// Times as the desk shows them: when, the chooser of free ones at its branch, and buttons of single ones.

import { get, queryOf } from "./api.js";
import { h } from "./dom.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";
import { timeChooser } from "./times.js";

export const when = ({ branch }, { starts_at: starts }) => moments.longDay(moments.dayOf(starts, branch.zone)) + t("comma") + moments.time(starts, branch.zone);

/** A chooser of free times at the desk's branch. */
export function times(host, around, question, onpick, from) {
  const network = encodeURIComponent(around.directory.network.network_id);
  timeChooser(host, {
    find: async (day, days) =>
      (await get(`/networks/${network}/slots${queryOf({ ...question, branch_id: around.branch.branch_id, from: day, days })}`)).slots,
    zone: around.branch.zone,
    from,
    onpick,
  });
}

/** Buttons of times that could be had instead. */
export function slotButtons(around, slots, onpick) {
  const who = (slot) => around.directory.practitioner(slot.practitioner_id)?.name;
  return h(
    "div",
    { class: "alternatives" },
    slots.map((slot) => h("button", { type: "button", class: "slot is-wide", onclick: () => onpick(slot) }, h("span", {}, when(around, slot)), h("span", { class: "slot-who" }, who(slot)))),
  );
}
