/** Values as text that people read: exact, in their own language and their own time. */

const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 20 });
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", fractionalSecondDigits: undefined });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const SECONDS = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** The time zone in which times are shown. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {number | bigint} value */
export const number = (value) => NUMBER.format(value);

/**
 * Minor units as an amount: 678, "GBP" -> "£6.78". Digits are never lost.
 * @param {number | bigint} minor
 * @param {string} code ISO 4217
 */
export function money(minor, code) {
  let format;
  try {
    format = new Intl.NumberFormat(undefined, { style: "currency", currency: code });
  } catch {
    return `${number(minor)} ${code}`;
  }
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const text = String(minor).replace("-", "").padStart(digits + 1, "0");
  const whole = digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
  return format.format(/** @type {any} */ (`${minor < 0 ? "-" : ""}${whole}`));
}

/** @param {number} value */
export const milliseconds = (value) => (value < 10_000 ? `${number(value)} ms` : duration(value / 1000));

/** @param {string} text RFC 3339 */
export const time = (text) => TIME.format(new Date(text));

/** @param {string} text RFC 3339 */
export const exactTime = (text) => EXACT_TIME.format(new Date(text));

/** @param {string} text a date without a time */
export const day = (text) => DAY.format(new Date(`${text}T00:00:00Z`));

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 10) return `${SECONDS.format(seconds)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 100) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${SECONDS.format(hours)} h` : `${Math.round(hours / 24)} days`;
}

/**
 * A long id, short enough for a table and still told apart: "thi_01JD2Q8N3XW7GK5T0V9M4R6B1C" -> "thi_…4R6B1C".
 * @param {string} id
 */
export const shortId = (id) => (/^([a-z]+[#_])+[0-9A-Z]{26}$/.test(id) ? `${id.slice(0, -26)}…${id.slice(-6)}` : id);
