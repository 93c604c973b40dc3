// What a network or a branch says itself: windows, caps, chains of their own, and what is for the whole network alone.

import { h } from "./dom.js";
import { complete } from "./field_rules.js";
import { capFields } from "./policy_cap.js";
import { flowFields } from "./policy_flow.js";
import { networkFields } from "./policy_network.js";
import { listOf } from "./policy_parts.js";
import { windowFields } from "./policy_window.js";
import { t } from "./texts.js";

const EMPTY = { windows: [], caps: [], flows: [], confirmed_days: [], family_messaging: false, most_per_message: null, most_per_month: null };

/** `changed()` hears of every change; what the form does not ask for stays as it was. */
export function policyForm(policy, { ofBranch, network, templates, kinds, preset, changed }) {
  const before = { ...EMPTY, ...policy };
  const windows = listOf({ at: "windows", title: t("own_windows"), each: t("window"), add: t("add_window"), remove: t("remove_window"), things: before.windows, fields: windowFields, changed });
  const caps = listOf({ at: "caps", title: t("own_caps"), each: t("cap"), add: t("add_cap"), remove: t("remove_cap"), things: before.caps, fields: capFields, changed });
  const flows = listOf({ at: "flows", title: t("own_chains"), each: t("chain"), hint: t("own_chains_hint"), add: t("add_chain"), remove: t("remove_chain"), things: before.flows, fields: (one, place) => flowFields(one, place, { templates, kinds, preset, changed }), changed });
  const whole = !ofBranch && networkFields(before, { ...network, changed });
  const read = () => ({ ...before, windows: windows.read(), caps: caps.read(), flows: flows.read(), ...(whole && whole.read()) });
  const fields = h("div", { class: "form", oninput: changed, onchange: changed }, windows.element, caps.element, flows.element, whole && whole.element);
  return { fields, check: () => (complete(fields) ? read() : null), tried: () => tried(read()) };
}

/** What is being written has no source yet and can be tried all the same; a line that is not filled in yet cannot. */
function tried(policy) {
  const sourced = (line) => ({ ...line, source: line.source || t("policy_source") });
  return {
    ...policy,
    windows: policy.windows.map(sourced),
    caps: policy.caps.filter((one) => one.limit && one.days).map(sourced),
    confirmed_days: policy.confirmed_days.filter((one) => one.name && one.date),
  };
}
