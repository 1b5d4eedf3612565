/** Between RFC 3339 in UTC, which the API speaks, and the fields of a form, which are in the person's own time. */

/** @param {string} value of a field: "2026-11-26T10:00" */
export const fromLocal = (value) => new Date(value).toISOString();

/** @param {string} text RFC 3339, or already a field's value */
export function toLocal(text) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, moment.getSeconds() ? 19 : 16);
}
