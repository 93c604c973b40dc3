// A freed time that is held for one patient: look, book it, or leave it to the next.

import { get, once } from "./api.js";
import { $, announce, fill, focusOn, h } from "./dom.js";
import { byPhone, fact, whenLine, where, withWhom } from "./link_page.js";
import * as moments from "./moments.js";
import { t, worded } from "./texts.js";

const root = $("#offer");
const link = `/offers/${encodeURIComponent(root.dataset.token)}`;
const post = once();

async function show() {
  try {
    draw(await get(link));
  } catch (problem) {
    say(problem.code === "link-expired" ? t("offer_over") : problem.text);
  }
}

function draw(offer) {
  if (offer.state !== "open") {
    say(t(offer.state === "taken" ? "offer_taken" : "offer_over"));
    return;
  }
  const { branch, service, practitioner } = offer;
  const heading = h("h1", {}, t("offer_title"));
  fill(
    root,
    heading,
    h(
      "article",
      { class: "card" },
      whenLine(offer.starts_at, branch),
      h(
        "dl",
        { class: "facts" },
        service && fact(t("fact_service"), worded(service.name, branch.locale)),
        withWhom(practitioner, branch),
        where(offer),
        byPhone(branch),
      ),
    ),
    h("p", { class: "hint" }, t("offer_until", { when: moments.time(offer.until, branch.zone) })),
    h(
      "div",
      { class: "actions is-stacked" },
      h("button", { type: "button", class: "primary", onclick: (event) => reply(event, "accept") }, t("offer_accept")),
      h("button", { type: "button", class: "secondary", onclick: (event) => reply(event, "decline") }, t("offer_decline")),
    ),
  );
  focusOn(heading);
}

async function reply(event, what) {
  event.currentTarget.disabled = true;
  announce(t("loading"));
  try {
    const answer = await post(`${link}/${what}`, {});
    announce("");
    if (what === "accept") location.assign(answer.manage_url);
    else say(t("offer_declined"));
  } catch (problem) {
    announce("");
    say(problem.code === "offer-over" ? t("offer_over") : problem.text);
  }
}

/** The end of it, one way or another. */
function say(text) {
  const heading = h("h1", {}, t("offer_title"));
  fill(root, heading, h("p", { class: "notice", role: "status" }, text));
  focusOn(heading);
}

show();
