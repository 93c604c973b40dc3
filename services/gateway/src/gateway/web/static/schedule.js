// The schedule around the day: who is away, who waits, who was sent on, and other calendars; live, for one branch.

import { $, announce, field, fill, focusOn, h, option } from "./dom.js";
import { follow } from "./live.js";
import { calmly } from "./looking.js";
import { absences } from "./schedule_absences.js";
import { busyTimes } from "./schedule_busy.js";
import { referrals } from "./schedule_referrals.js";
import { waitlist } from "./schedule_waitlist.js";
import { begin, may, REMEMBERED, toLogin } from "./staff.js";
import { t } from "./texts.js";

/** Each part: `needs` an action, `show(host, around)` draws it and gives `load`, which the events it `hears` call. */
const PARTS = { absences, waitlist, referrals, busy: busyTimes };

const root = $("#page");
const state = { part: null, branch: null, load: () => {} };
const began = await begin(...Object.values(PARTS).map((one) => one.needs));

if (began) start();

function start() {
  const { session, directory } = began;
  const mine = directory.branches.filter((one) => !session.branch_ids.length || session.branch_ids.includes(one.branch_id));
  state.branch = mine.find((one) => one.branch_id === localStorage.getItem(REMEMBERED)) || mine[0];
  if (!state.branch) {
    fill(root, h("h1", {}, t("section_schedule")), h("p", { class: "notice" }, t("no_branches")));
    return;
  }
  const possible = Object.keys(PARTS).filter((one) => may(session, PARTS[one].needs));
  const branch = h("select", { id: "branch", onchange: () => at(mine.find((one) => one.branch_id === branch.value)) }, mine.map((one) => option(one.branch_id, one.name, one === state.branch)));
  fill(
    root,
    h("h1", {}, t("section_schedule")),
    h("div", { class: "toolbar" }, field(t("branch"), branch)),
    h("nav", { class: "tabs", "aria-label": t("section_schedule") }, possible.map((one) => h("button", { type: "button", class: "tab", dataset: { part: one }, onclick: () => show(one, true) }, t(`schedule_${one}`)))),
    h("div", { id: "part", class: "schedule" }),
  );
  const wish = location.hash.slice(1);
  show(possible.includes(wish) ? wish : possible[0]);
  const reload = calmly(() => state.load());
  const hears = ({ event }) => event === "reload" || PARTS[state.part].hears.test(event);
  follow({ onchange: (event) => hears(event) && reload(), onstate: () => {}, onover: toLogin });
}

function at(branch) {
  state.branch = branch;
  localStorage.setItem(REMEMBERED, branch.branch_id);
  show(state.part);
}

function show(part, focus = false) {
  state.part = part;
  history.replaceState(null, "", `${location.search}#${part}`);
  announce("");
  for (const tab of root.querySelectorAll(".tab")) {
    if (tab.dataset.part === part) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  state.load = PARTS[part].show($("#part"), around());
  if (focus) focusOn(root.querySelector('.tab[aria-current="page"]'));
}

/** What a part works with; `changed` says how an act ended and draws it anew. */
function around() {
  const changed = async (text, kind = "ok") => {
    announce(text, kind);
    await state.load();
  };
  return { ...began, branch: state.branch, day: null, changed };
}
