// Joining an online visit from the desk.

import { once } from "./api.js";

const post = once();

/** The room opens beside the desk: in a tab that the click itself opens, because browsers block later ones. */
export async function join(around, { appointment }) {
  const tab = window.open("", "_blank");
  try {
    const { url } = await post(`/appointments/${appointment.id}/join`, {});
    if (!tab) return location.assign(url);
    tab.opener = null;
    return tab.location.replace(url);
  } catch (problem) {
    tab?.close();
    return around.changed(problem.text, "error", appointment.id);
  }
}
