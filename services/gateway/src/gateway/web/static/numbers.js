// Numbers as people type them: other digits, spaces and commas.

import { minorDigits } from "./moments.js";

const ZEROS = [0x30, 0x660, 0x6f0, 0xff10];

/** The same text with 0–9 for the digits of Arabic, Persian and full-width writing. */
export function plainDigits(text) {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0);
    const zero = ZEROS.find((one) => code >= one && code < one + 10);
    return zero === undefined ? digit : String(code - zero);
  });
}

/** A whole number; null where it is none. */
export function wholeNumber(text) {
  const plain = plainDigits(text).trim();
  return /^\d{1,9}$/.test(plain) ? Number(plain) : null;
}

/** "25 000" or "25 000,50" in minor units; null where it is no amount. */
export function minorUnits(text, currency) {
  const digits = minorDigits(currency);
  const plain = plainDigits(text).replace(/[\s\u00a0\u202f'_٬]/g, "").replace(/[,٫]/g, ".");
  if (!/^\d{1,10}(\.\d+)?$/.test(plain)) return null;
  const [whole, fraction = ""] = plain.split(".");
  if (fraction.length > digits) return null;
  return Number(whole + fraction.padEnd(digits, "0"));
}

/** Minor units as somebody would type them. */
export function majorText(amount, currency) {
  const digits = minorDigits(currency);
  const text = String(amount).padStart(digits + 1, "0");
  const whole = digits ? text.slice(0, -digits) : text;
  const fraction = digits ? text.slice(-digits) : "";
  return /[1-9]/.test(fraction) ? `${whole}.${fraction}` : whole;
}

/** Whether somebody typed a phone rather than a name. */
export function looksLikePhone(text) {
  const plain = plainDigits(text);
  return plain.replace(/\D/g, "").length >= 5 && !/\p{L}/u.test(plain);
}

/** A count or a number as the page's language writes it. */
export const number = (value) => new Intl.NumberFormat(document.documentElement.lang, { useGrouping: false }).format(value);
