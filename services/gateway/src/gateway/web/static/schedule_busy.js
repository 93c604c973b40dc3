// Another system's calendar of a practitioner, as a file: what is busy there is busy here too.

import { once } from "./api.js";
import { field, fieldError, fill, focusOn, h, option } from "./dom.js";
import * as moments from "./moments.js";
import { t } from "./texts.js";

const LARGEST = 60_000;

export const busyTimes = { needs: "directory.write", hears: /^$/, show };

function show(host, { directory, branch }) {
  const sent = once();
  const who = h("select", {}, directory.practitionersFor(branch).map((one) => option(one.practitioner_id, one.name)));
  const file = h("input", { type: "file", accept: ".ics,.json,text/calendar,application/json,application/fhir+json" });
  const result = h("div", { class: "plan", "aria-live": "polite" });
  const submit = h("button", { type: "submit", class: "primary" }, t("busy_take"));

  const onsubmit = async (event) => {
    event.preventDefault();
    const [chosen] = file.files;
    const wrong = (!chosen && t("busy_no_file")) || (chosen.size > LARGEST && t("busy_too_large")) || "";
    fieldError(file, wrong);
    if (wrong) {
      file.focus();
      return;
    }
    submit.disabled = true;
    try {
      // One calendar for each practitioner: the next file says what is busy instead of this one.
      const done = await sent(`/practitioners/${who.value}/busy-times`, { calendar_id: who.value, calendar: await chosen.text() });
      fill(result, outcome(done, branch));
      focusOn(result.querySelector("h2"));
    } catch (problem) {
      fill(result, h("p", { class: "notice is-error", role: "alert" }, problem.text));
    } finally {
      submit.disabled = false;
    }
  };
  fill(
    host,
    h("p", { class: "lead" }, t("busy_lead")),
    h("form", { class: "form card", novalidate: true, onsubmit }, h("div", { class: "grid" }, field(t("practitioner"), who), field(t("busy_file"), file, { hint: t("busy_file_hint") })), submit),
    result,
  );
  return () => {};
}

function outcome({ blocked, conflicts }, branch) {
  const day = (instant) => moments.dayOf(instant, branch.zone);
  const line = ({ starts_at, ends_at }) =>
    h("li", {}, `${moments.dateAndTime(starts_at, branch.zone)} – ${moments.time(ends_at, branch.zone)} `, h("a", { href: `/desk?branch=${branch.branch_id}&date=${day(starts_at)}` }, t("open_day")));
  return [
    h("h2", {}, t("busy_done", { n: moments.number(blocked) })),
    conflicts.length > 0 && h("div", { class: "notice is-warn" }, h("p", {}, t("busy_conflicts", { n: moments.number(conflicts.length) })), h("ul", {}, conflicts.map(line))),
  ];
}
