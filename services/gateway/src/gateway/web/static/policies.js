// When patients are written to, for managers: what is in force and why, what the network and its branches add, and what a change would do.

import { call, get } from "./api.js";
import { $, announce, field, fill, focusOn, h, option } from "./dom.js";
import * as moments from "./moments.js";
import { effect } from "./policy_effect.js";
import { policyForm } from "./policy_form.js";
import { inForce } from "./policy_lines.js";
import { refusal } from "./refusals.js";
import { begin } from "./staff.js";
import { t } from "./texts.js";

const root = $("#page");
const began = await begin("policies.write");
const state = { branch: "", told: null, templates: [] };

if (began) load();

async function load() {
  try {
    const [told, { templates }] = await Promise.all([get("/policies"), get("/templates")]);
    Object.assign(state, { told, templates: templates.map((one) => one.name) });
    draw();
  } catch (problem) {
    fill(root, h("h1", {}, t("section_policies")), h("p", { class: "notice is-error", role: "alert" }, problem.text), h("button", { type: "button", class: "secondary", onclick: load }, t("retry")));
  }
}

const stored = () => state.told.policies.find((one) => (one.branch_id || "") === state.branch);

function draw() {
  const { directory } = began;
  const scope = h("select", { id: "policy-scope", onchange: () => scoped(scope.value) }, [option("", t("whole_network")), ...directory.branches.map((one) => option(one.branch_id, one.name, one.branch_id === state.branch))]);
  const form = policyForm(stored()?.policy, { ofBranch: Boolean(state.branch), network: directory.network, templates: state.templates, kinds: kinds(), preset: state.told.preset, changed: () => shown.soon() });
  const shown = effect({ directory, kinds: kinds(), branch: () => state.branch, policy: form.tried });
  fill(
    root,
    h("h1", { id: "policies-title" }, t("section_policies")),
    h("p", { class: "lead" }, t("policies_lead", { pack: `${state.told.pack.name} ${state.told.pack.version}` })),
    h("div", { class: "stack" }, h("section", { class: "card stack", "aria-labelledby": "in-force-title" }, h("h2", { id: "in-force-title" }, t("windows_in_force")), inForce(state.told, directory)), own(scope, form, shown)),
  );
  shown.ask();
}

const kinds = () => [...new Set(began.directory.services.filter((one) => one.active).map((one) => one.kind))].sort();

function scoped(branch) {
  state.branch = branch;
  draw();
  focusOn($("#policy-scope"));
}

function own(scope, form, shown) {
  const replan = h("input", { type: "checkbox" });
  const trouble = h("div", {});
  const before = stored();
  const submit = async (event) => {
    event.preventDefault();
    fill(trouble);
    announce("");
    const said = form.check();
    if (said) await save(said, replan.checked, before?.version || 0, { form, trouble });
  };
  return h(
    "section",
    { class: "card stack", "aria-labelledby": "own-title" },
    h("h2", { id: "own-title" }, t("own_policy")),
    h("p", { class: "hint" }, t("own_policy_hint")),
    field(t("applies_to"), scope),
    before && h("p", { class: "hint" }, t("policy_changed", { n: moments.number(before.version), when: moments.dateAndTime(before.changed_at, "UTC") })),
    h("form", { class: "form", novalidate: true, onsubmit: submit }, form.fields, h("label", { class: "check" }, replan, h("span", {}, t("replan"))), trouble, h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, t("save")))),
    shown.element,
  );
}

async function save(policy, replan, version, { form, trouble }) {
  const body = { branch_id: state.branch || null, policy, replan, if_version: version };
  try {
    const saved = await call("PUT", "/policies", body, { "Idempotency-Key": crypto.randomUUID() });
    await load();
    announce(t(replan ? "policy_saved_replanned" : "policy_saved", { n: moments.number(saved.version), replanned: moments.number(saved.replanned) }), "ok");
    focusOn($("#policies-title"));
  } catch (problem) {
    if (problem.code === "version-conflict") {
      await load();
      announce(problem.text, "error");
      focusOn($("#policies-title"));
      return;
    }
    fill(trouble, refusal(form.fields, problem, ["body", "policy"]));
  }
}
