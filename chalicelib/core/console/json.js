/**
 * JSON whose integers keep all their digits: those beyond 2^53 become BigInt, and are written as digits again.
 */

// No text of a document begins with this, since nobody can know it.
const MARK = `\u0000${crypto.randomUUID()}`;
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;
const MARKED = new RegExp(`"${MARK.replace("\u0000", "\\\\u0000")}(-?\\d+)"`, "g");

/**
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  const marked = text.replace(STRING_OR_LONG_INTEGER, (found) =>
    found.startsWith('"') ? found : `"${MARK.replace("\u0000", "\\u0000")}${found}"`,
  );
  return JSON.parse(marked, (_, value) =>
    typeof value === "string" && value.startsWith(MARK) ? integer(value.slice(MARK.length)) : value,
  );
}

/**
 * @param {any} value
 * @param {number} [indent]
 */
export function stringify(value, indent) {
  const text = JSON.stringify(value, (_, member) => (typeof member === "bigint" ? MARK + member : member), indent);
  return text.replace(MARKED, "$1");
}

/**
 * The integer that digits stand for: a number where that is exact.
 * @param {string} digits
 */
export function integer(digits) {
  const exact = BigInt(digits);
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}
