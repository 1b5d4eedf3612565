/** Short messages about what was done; screen readers say them. */
import { html, useEffect, useState } from "./html.js";

const SECONDS = 6;
/** @type {(text: string) => void} */
let show = () => {};

/** @param {string} text */
export const notify = (text) => show(text);

export function Notices() {
  const [notice, setNotice] = useState({ text: "", count: 0 });
  useEffect(() => {
    show = (text) => setNotice((before) => ({ text, count: before.count + 1 }));
  }, []);
  useEffect(() => {
    if (!notice.text) return;
    const timer = setTimeout(() => setNotice((before) => ({ ...before, text: "" })), SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [notice.count]);
  return html`<div class=${`notice ${notice.text ? "shown" : ""}`} role="status">${notice.text}</div>`;
}
