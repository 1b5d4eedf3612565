/** Preact with htm in place of JSX: what every component imports. */
import { h } from "preact";
import htm from "htm";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(/** @type {any} */ (h));
export { Fragment, render } from "preact";
export { useCallback, useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
