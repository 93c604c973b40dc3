// The wordings of messages, for managers: what is in force, a draft with its preview and findings, publishing, history.

import { get } from "./api.js";
import { $, field, fill, focusOn, h, option } from "./dom.js";
import { names } from "./colleagues.js";
import { begin } from "./staff.js";
import { editor } from "./template_editor.js";
import { OWN_NAMES, spoken, t } from "./texts.js";

const root = $("#page");
const query = new URLSearchParams(location.search);
const began = await begin("templates.write");
const state = { branch: query.get("branch") || "", name: query.get("name") };

if (began) load();

async function load() {
  fill(root, h("p", { class: "loading", role: "status" }, t("loading")));
  try {
    if (state.name) await open();
    else await list();
  } catch (problem) {
    fill(root, h("h1", {}, t("section_templates")), h("p", { class: "notice is-error", role: "alert" }, problem.text), h("button", { type: "button", class: "secondary", onclick: load }, t("retry")));
  }
}

function go(change) {
  Object.assign(state, change);
  const kept = Object.entries(state).filter(([, value]) => value);
  history.pushState(null, "", kept.length ? `?${new URLSearchParams(kept)}` : location.pathname);
  load();
}

addEventListener("popstate", () => {
  const asked = new URLSearchParams(location.search);
  Object.assign(state, { branch: asked.get("branch") || "", name: asked.get("name") });
  load();
});

async function list() {
  const { templates } = await get("/templates", { branch_id: state.branch });
  const branch = h("select", { onchange: () => go({ branch: branch.value }) }, [option("", t("whole_network")), ...began.directory.branches.map((one) => option(one.branch_id, one.name, one.branch_id === state.branch))]);
  fill(
    root,
    h("h1", { id: "templates-title" }, t("section_templates")),
    h("div", { class: "toolbar" }, field(t("wording_for"), branch)),
    ["immediate", "service", "marketing"].map((kind) => [
      h("h2", { class: "list-title" }, t(`class_${kind}`)),
      h("ul", { class: "choices is-grid" }, templates.filter((one) => one.message_class === kind).map(item)),
    ]),
  );
}

function item(one) {
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "choice", dataset: { template: one.name }, onclick: () => go({ name: one.name }) },
      h("span", { class: "choice-name" }, spoken("template", one.name)),
      h("span", { class: "choice-facts" }, h("span", { class: `chip${one.number ? " is-ok" : ""}` }, one.number ? t("version_n", { n: one.number }) : t(state.branch ? "as_network" : "built_in")), one.has_draft && h("span", { class: "chip is-open" }, t("draft"))),
      one.worded.length > 0 && h("span", { class: "choice-facts" }, t("own_in", { locales: one.worded.map((locale) => OWN_NAMES[locale] || locale).join(t("comma")) })),
    ),
  );
}

async function open() {
  const [view, nameOf] = await Promise.all([get(`/templates/${encodeURIComponent(state.name)}`, { branch_id: state.branch }), names(began.session)]);
  const place = { branch: began.directory.branch(state.branch), network: began.directory.network, nameOf, reload: load };
  fill(root, h("button", { type: "button", class: "quiet back", onclick: () => go({ name: null }) }, `← ${t("all_templates")}`), editor(view, place));
  focusOn($("#template-title"));
}
