// Dates and times as people of a locale write them. Instants are ISO texts; a day is "YYYY-MM-DD" at a branch.

import { locale } from "./texts.js";

const CALENDARS = {
  fa: "fa-IR-u-ca-persian-nu-arabext",
  "zh-TW": "zh-TW-u-ca-roc",
  fr: "fr-FR",
  en: "en-GB",
  ru: "ru-RU",
  kk: "kk-KZ",
};
const formatting = CALENDARS[locale] || locale;
const formats = new Map();

function format(options, language = formatting) {
  const key = language + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, options));
  return formats.get(key);
}

// The server's clock decides what "today" is: a visitor's own may be wrong, and development moves the server's.
const ahead = Date.parse(document.documentElement.dataset.now) - Date.now() || 0;

export const now = () => new Date(Date.now() + ahead).toISOString();

/** The day of an instant at a place, as "YYYY-MM-DD". */
export function dayOf(instant, zone) {
  return format({ timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }, "en-CA-u-ca-gregory-nu-latn")
    .format(new Date(instant));
}

export function hourOf(instant, zone) {
  return Number(format({ timeZone: zone, hour: "2-digit", hourCycle: "h23" }, "en-GB-u-nu-latn").format(new Date(instant)));
}

export function plusDays(day, count) {
  const moment = new Date(`${day}T12:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + count);
  return moment.toISOString().slice(0, 10);
}

const noon = (day) => new Date(`${day}T12:00:00Z`);

/** "10:00" at the branch. */
export const time = (instant, zone) =>
  format({ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));

export const weekday = (day, width = "short") => format({ timeZone: "UTC", weekday: width }).format(noon(day));

export const dayAndMonth = (day) => format({ timeZone: "UTC", day: "numeric", month: "short" }).format(noon(day));

/** "Monday 2 November" in the locale's own calendar; with its year where asked. */
export function longDay(day, withYear = false) {
  const options = { timeZone: "UTC", weekday: "long", day: "numeric", month: "long" };
  if (withYear) options.year = "numeric";
  return format(options).format(noon(day));
}

export const dateAndTime = (instant, zone) =>
  format({ timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    .format(new Date(instant));

export const number = (value) => new Intl.NumberFormat(formatting).format(value);

/** How many minor units one unit has (ISO 4217), where Intl's table is about cash instead. */
export function minorDigits(currency) {
  if (currency === "IRR") return 2;
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

/** `{amount, currency}` in minor units, as a price; whole amounts without decimals. */
export function money({ amount, currency }) {
  const major = amount / 10 ** minorDigits(currency);
  const digits = Number.isInteger(major) ? 0 : minorDigits(currency);
  return new Intl.NumberFormat(formatting, {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(major);
}
