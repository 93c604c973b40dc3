// One online visit by its link: confirm it, wait for its time, join.

import { get, once } from "./api.js";
import { $, announce, fill, focusOn, h } from "./dom.js";
import { bookAgain, byPhone, speak, trouble, whenLine, withWhom } from "./link_page.js";
import { joining } from "./online.js";
import { t } from "./texts.js";

const root = $("#visit");
const link = `/links/${encodeURIComponent(root.dataset.token)}`;
const post = once();

async function show(message, kind = "ok") {
  try {
    draw(await get(link), message, kind);
  } catch (problem) {
    trouble(root, problem, () => show());
  }
}

function draw(visit, message, kind) {
  const { appointment, branch, practitioner, online } = visit;
  speak(visit.network.locales);
  fill(
    root,
    h("h1", {}, t("visit_title")),
    message && h("p", { class: `notice is-${kind}`, role: "status" }, message),
    h(
      "article",
      { class: "card" },
      h("p", { class: `chip is-${appointment.status}` }, t(`status_${appointment.status}`)),
      whenLine(appointment.starts_at, branch),
      h("dl", { class: "facts" }, withWhom(practitioner, branch), byPhone(branch)),
    ),
    h("div", { class: "actions is-stacked" }, online ? ways(visit) : bookAgain(visit.book_path)),
  );
}

function ways(visit) {
  return [
    joining(visit, link, show),
    visit.actions.includes("confirm") && h("button", { type: "button", class: "primary", onclick: confirm }, t("confirm_visit")),
  ];
}

async function confirm(event) {
  event.currentTarget.disabled = true;
  announce(t("loading"));
  try {
    await post(`${link}/confirm`, {});
    await show(t("online_confirmed"));
  } catch (problem) {
    await show(problem.text, "error");
  }
  announce("");
  focusOn($("h1", root));
}

show();
