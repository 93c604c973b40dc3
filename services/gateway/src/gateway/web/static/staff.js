// What every staff page starts with: who is logged in, what they may do, and the network's directory.

import { call, get } from "./api.js";
import { $, fill, h } from "./dom.js";
import { t } from "./texts.js";

export const toLogin = () => location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);

/** Where the browser keeps at which branch somebody works. */
export const REMEMBERED = "vinculo.branch";

export const may = (session, action) => session.actions.includes(action);

/** The session and the directory; null where the page cannot go on (it then says why, or goes to the log-in). */
export async function begin(...needed) {
  try {
    const [{ staff: session }, things] = await Promise.all([get("/sessions/current"), get("/directory")]);
    head(session, things.network);
    if (needed.length && !needed.some((action) => may(session, action))) {
      fill($("#page"), h("h1", {}, t("not_for_you")), h("p", {}, t("problem.not-allowed")));
      return null;
    }
    return { session, directory: new Directory(things) };
  } catch (problem) {
    if (problem.status === 401) toLogin();
    else {
      fill(
        $("#page"),
        h("p", { class: "notice is-error", role: "alert" }, problem.text || t("problem.unexpected")),
        h("button", { type: "button", class: "secondary", onclick: () => location.reload() }, t("retry")),
      );
      if (!problem.code) throw problem;
    }
    return null;
  }
}

function head(session, network) {
  const out = async () => {
    await call("DELETE", "/sessions/current").catch(() => null);
    location.assign("/login");
  };
  fill(
    $("#who"),
    h("span", {}, `${session.display_name} · ${network.name}`),
    h("button", { type: "button", class: "quiet small", onclick: out }, t("log_out")),
  );
  const sections = { setup: "directory.write", tasks: "tasks.read", conversations: "conversations.work", calls: "calls.read", desk: "board.read", schedule: "board.read", "day-close": "day.close", messages: "sending.brake", templates: "templates.write", policies: "policies.write" };
  menu();
  for (const [name, action] of Object.entries(sections)) {
    const link = $(`[data-section="${name}"]`);
    if (link) link.parentElement.hidden = !may(session, action);
  }
}

/** On a narrow screen the sections are behind a button. */
function menu() {
  const button = $(".sections .menu");
  const open = (now) => button.setAttribute("aria-expanded", String(now));
  button.addEventListener("click", () => open(button.getAttribute("aria-expanded") === "false"));
  $(".sections").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open(false);
    button.focus();
  });
}

/** The directory with look-ups by id. */
export class Directory {
  constructor({ network, branches, practitioners, rooms, services, versions }) {
    Object.assign(this, { network, branches, practitioners, rooms, services, versions });
  }

  branch(id) {
    return this.branches.find((one) => one.branch_id === id);
  }

  practitioner(id) {
    return this.practitioners.find((one) => one.practitioner_id === id);
  }

  service(id) {
    return this.services.find((one) => one.service_id === id);
  }

  /** What can be booked at a branch. */
  servicesAt(branch) {
    return this.services.filter((one) => one.active && (!one.branch_ids || one.branch_ids.includes(branch.branch_id)));
  }

  /** Who performs a service at a branch. */
  practitionersFor(branch, service) {
    return this.practitioners.filter(
      (one) =>
        one.active &&
        (!service || one.service_ids.includes(service.service_id)) &&
        one.working_hours.some((rule) => rule.branch_id === branch.branch_id),
    );
  }
}
