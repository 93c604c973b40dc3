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
// Kazakh numbers are written as Russian ones; browsers without Kazakh would write them as English ones.
const numbers = locale === "kk" ? "ru-RU" : formatting;
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

/** What the clock on the wall shows at a place, read as if it were UTC. */
function onTheWall(instant, zone) {
  const time = format({ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, "en-GB-u-nu-latn");
  return Date.parse(`${dayOf(instant, zone)}T${time.format(new Date(instant))}Z`);
}

/** The instant of "10:00" on a day at a place; of a time that the clocks leave out, an hour beside it. */
export function instantAt(day, time, zone) {
  const wanted = Date.parse(`${day}T${time}Z`);
  let instant = wanted;
  for (let look = 0; look < 2; look += 1) instant += wanted - onTheWall(instant, zone);
  return new Date(instant).toISOString();
}

export function plusDays(day, count) {
  const moment = new Date(`${day}T12:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + count);
  return moment.toISOString().slice(0, 10);
}

const noon = (day) => new Date(`${day}T12:00:00Z`);

// Chromium and Safari carry no Kazakh names of days and months (they print "M11"): CLDR 48, kk.
const KAZAKH = {
  weekdays: ["жексенбі", "дүйсенбі", "сейсенбі", "сәрсенбі", "бейсенбі", "жұма", "сенбі"],
  weekdaysShort: ["жс", "дс", "сс", "ср", "бс", "жм", "сб"],
  months: ["қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"],
  monthsShort: ["қаң.", "ақп.", "нау.", "сәу.", "мам.", "мау.", "шіл.", "там.", "қыр.", "қаз.", "қар.", "жел."],
};
const kazakh = locale === "kk";

/** "10:00" at the branch. */
export const time = (instant, zone) =>
  format({ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));

/** The name of the weekday, as short as a button of the week needs it. */
export function weekday(day) {
  if (kazakh) return KAZAKH.weekdaysShort[noon(day).getUTCDay()];
  // Persian has no short names but single letters, which are what calendars there show.
  return format({ timeZone: "UTC", weekday: locale === "fa" ? "narrow" : "short" }).format(noon(day));
}

/** The name of an ISO weekday: 1 is Monday. */
export function weekdayName(number) {
  return kazakh ? KAZAKH.weekdays[number % 7] : format({ timeZone: "UTC", weekday: "long" }).format(noon(`2024-01-0${number}`));
}

/** The number of the day in its month, by the locale's calendar. */
export const dayOnly = (day) => format({ timeZone: "UTC", day: "numeric" }).format(noon(day));

export function dayAndMonth(day) {
  const moment = noon(day);
  if (kazakh) return `${moment.getUTCDate()} ${KAZAKH.monthsShort[moment.getUTCMonth()]}`;
  return format({ timeZone: "UTC", day: "numeric", month: "short" }).format(moment);
}

/** "Monday 2 November" in the locale's own calendar; with its year where asked. */
export function longDay(day, withYear = false) {
  const moment = noon(day);
  if (kazakh) {
    const year = withYear ? `${moment.getUTCFullYear()} ж. ` : "";
    return `${year}${moment.getUTCDate()} ${KAZAKH.months[moment.getUTCMonth()]}, ${KAZAKH.weekdays[moment.getUTCDay()]}`;
  }
  const options = { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", ...(withYear ? { year: "numeric" } : {}) };
  if (locale !== "fa") return format(options).format(moment);
  // ICU puts the year first and the weekday last, which nobody in Iran does.
  const parts = Object.fromEntries(format(options).formatToParts(moment).map(({ type, value }) => [type, value]));
  return [parts.weekday, parts.day, parts.month, parts.year].filter(Boolean).join(" ");
}

export const dateAndTime = (instant, zone) => `${shortDate(dayOf(instant, zone))}, ${time(instant, zone)}`;

/** "2 Nov 2026". */
export function shortDate(day) {
  const moment = noon(day);
  if (kazakh) return `${moment.getUTCFullYear()} ж. ${dayAndMonth(day)}`;
  return format({ timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(moment);
}

export const number = (value) => new Intl.NumberFormat(numbers).format(value);

/** How many minor units one unit has (ISO 4217), where Intl's table is about cash instead. */
export function minorDigits(currency) {
  if (currency === "IRR") return 2;
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

/** `{amount, currency}` in minor units, as a price; whole amounts without decimals. */
export function money({ amount, currency }) {
  const major = amount / 10 ** minorDigits(currency);
  const digits = Number.isInteger(major) ? 0 : minorDigits(currency);
  return new Intl.NumberFormat(numbers, {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(major);
}
