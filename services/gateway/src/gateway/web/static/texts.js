// The page's texts, which the server put beside it, in the language it chose.

const source = document.getElementById("texts");
const texts = source ? JSON.parse(source.textContent) : {};

export const locale = document.documentElement.lang;

/** A text with its `{values}` put in. */
export function t(key, values = {}) {
  const text = texts[key];
  if (text === undefined) {
    console.error(`no text for ${key}`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

export const known = (key) => key in texts;

/** A code in words, a provider's number behind them; one that has none yet is shown as it is. */
export function spoken(family, code) {
  if (known(`${family}_${code}`)) return t(`${family}_${code}`);
  const [, name, number] = /^(.+?)-([\d.]+)$/.exec(code) || [];
  return name && known(`${family}_${name}`) ? `${t(`${family}_${name}`)} (${number})` : code;
}

/** What the directory says per locale: in the page's language, else the fallback's, else any. */
export function worded(byLocale, fallback) {
  if (!byLocale) return "";
  return byLocale[locale] || byLocale[fallback] || Object.values(byLocale).find(Boolean) || "";
}

/** Each language by its own name. */
export const OWN_NAMES = {
  ru: "Русский",
  kk: "Қазақша",
  en: "English",
  "pt-BR": "Português",
  fa: "فارسی",
  fr: "Français",
  "zh-TW": "繁體中文",
};
