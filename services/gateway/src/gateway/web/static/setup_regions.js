// The region of a branch: states and departments that have holidays of their own, by ISO 3166-2.

import { h, option } from "./dom.js";
import { fieldAt } from "./refusals.js";
import { t } from "./texts.js";

/** Countries that are not here have the same holidays everywhere. */
export const REGIONS = {
  BR: {
    AC: "Acre",
    AL: "Alagoas",
    AM: "Amazonas",
    AP: "Amapá",
    BA: "Bahia",
    CE: "Ceará",
    DF: "Distrito Federal",
    ES: "Espírito Santo",
    GO: "Goiás",
    MA: "Maranhão",
    MG: "Minas Gerais",
    MS: "Mato Grosso do Sul",
    MT: "Mato Grosso",
    PA: "Pará",
    PB: "Paraíba",
    PE: "Pernambuco",
    PI: "Piauí",
    PR: "Paraná",
    RJ: "Rio de Janeiro",
    RN: "Rio Grande do Norte",
    RO: "Rondônia",
    RR: "Roraima",
    RS: "Rio Grande do Sul",
    SC: "Santa Catarina",
    SE: "Sergipe",
    SP: "São Paulo",
    TO: "Tocantins",
  },
  FR: {
    "57": "Moselle",
    "6AE": "Alsace",
    "971": "Guadeloupe",
    "972": "Martinique",
    "973": "Guyane",
    "974": "La Réunion",
    "976": "Mayotte",
    BL: "Saint-Barthélemy",
    MF: "Saint-Martin",
    NC: "Nouvelle-Calédonie",
    PF: "Polynésie française",
    PM: "Saint-Pierre-et-Miquelon",
    WF: "Wallis-et-Futuna",
  },
  GB: { ENG: "England", NIR: "Northern Ireland", SCT: "Scotland", WLS: "Wales" },
};

/** What is held stays as it was written until another is chosen. `field` is null where there is nothing to choose. */
export function regionChoice(held, country) {
  const regions = Object.entries(REGIONS[country] || {}).sort(([, one], [, other]) => one.localeCompare(other));
  const bare = held.startsWith(`${country}-`) ? held.slice(country.length + 1) : held;
  const known = regions.some(([code]) => code === bare);
  if (!regions.length && !held) return { field: null, read: () => "" };
  const select = h(
    "select",
    {},
    option("", t("no_region")),
    regions.map(([code, name]) => option(code === bare ? held : `${country}-${code}`, `${name} (${code})`, code === bare)),
    held && !known && option(held, held, true),
  );
  return { field: fieldAt("subdivision", t("region"), select, { hint: t("region_hint") }), read: () => select.value };
}
