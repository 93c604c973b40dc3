// Accounts of staff on the set-up page: who somebody is, what they do, and on whose agendas.

import { call, get, once } from "./api.js";
import { h, option } from "./dom.js";
import { needed } from "./field_rules.js";
import { fieldAt } from "./refusals.js";
import { checks, text } from "./setup_parts.js";
import { t } from "./texts.js";

const post = once();

const ROLES = ["reception", "delegate", "doctor", "manager", "accounting", "admin"];

const titled = (things, id) => things.map((one) => [one[id], one.name]);

function accountForm(account, { branches, practitioners }) {
  const email = h("input", { type: "email", maxlength: "200", dir: "ltr", autocomplete: "off", disabled: Boolean(account), value: account?.email || "" });
  const name = needed(text(account?.display_name, { maxlength: "120", required: true }));
  const password = h("input", { type: "password", maxlength: "200", dir: "ltr", autocomplete: "new-password" });
  const roles = checks("roles", t("roles"), ROLES.map((one) => [one, t(`role_${one}`)]), account?.roles || ["reception"]);
  const places = checks("branch_ids", t("works_at"), titled(branches, "branch_id"), account?.branch_ids || []);
  const doctor = h(
    "select",
    {},
    option("", t("nobody")),
    practitioners.map((one) => option(one.practitioner_id, one.name, one.practitioner_id === account?.practitioner_id)),
  );
  const actsFor = checks("practitioner_ids", t("acts_for"), titled(practitioners, "practitioner_id"), account?.practitioner_ids || []);
  const whoOf = { doctor: fieldAt("practitioner_id", t("is_practitioner"), doctor), delegate: actsFor.fields };
  const suit = () => {
    const chosen = roles.read();
    for (const [role, fields] of Object.entries(whoOf)) fields.hidden = !chosen.includes(role);
  };
  roles.fields.addEventListener("change", suit);
  suit();
  return {
    fields: [
      h("div", { class: "grid" }, fieldAt("display_name", t("full_name"), name), fieldAt("email", t("email"), email), fieldAt("password", t("password"), password, account ? { hint: t("password_stays") } : {})),
      roles.fields,
      whoOf.doctor,
      whoOf.delegate,
      places.fields,
      h("p", { class: "hint" }, t("works_at_hint")),
    ],
    read: () => {
      const chosen = roles.read();
      return {
        ...(account ? {} : { email: email.value.trim() }),
        ...(password.value || !account ? { password: password.value } : {}),
        display_name: name.value.trim(),
        roles: chosen,
        branch_ids: places.read(),
        practitioner_id: (chosen.includes("doctor") && doctor.value) || null,
        practitioner_ids: chosen.includes("delegate") ? actsFor.read() : [],
      };
    },
  };
}

export const STAFF = {
  id: "staff_id",
  needs: "staff.write",
  things: ({ staff }) => staff,
  title: (account) => account.display_name,
  facts: (account, directory) =>
    [
      account.roles.map((one) => t(`role_${one}`)).join(t("comma")),
      [account.practitioner_id, ...account.practitioner_ids].map((one) => directory.practitioner(one)?.name).filter(Boolean).join(t("comma")),
    ]
      .filter(Boolean)
      .join(" · "),
  form: accountForm,
  save: (account, { active, ...body }) =>
    account
      ? call("PATCH", `/staff/${account.staff_id}`, { ...body, active, if_version: account.version })
      : post("/staff", body),
  load: async () => (await get("/staff")).staff,
};
