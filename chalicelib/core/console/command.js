/** Commands: the buttons that open their forms, and the forms. */
import { Problem, BASE, send } from "./api.js";
import { blank, bodyOf, changesOf, draftOf } from "./draft.js";
import { Fields } from "./fields.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { DO, changed, go, href, usePlace } from "./location.js";
import { below, commandNamed, filled } from "./model.js";
import { notify } from "./notices.js";
import { read } from "./schema.js";
import { remember } from "./sent.js";
import { useSession } from "./session.js";

/** @typedef {import("./model.js").Operation} Operation */
/** @typedef {{item: Operation, id: Record<string, string>, data: any, tag: string | null, reload: () => void}} Context */

/** @param {{model: any, commands: Operation[], context?: Context}} props */
export function CommandButtons({ model, commands, context }) {
  const place = usePlace();
  const role = useSession()?.role ?? "";
  const open = commandNamed(model, place.query.get(DO));
  const close = () => go(changed(place, { [DO]: null }));
  return html`<div class="commands">
    ${commands.map((command) => html`<${CommandButton} key=${command.name} command=${command} role=${role} open=${() => go(changed(place, { [DO]: command.name }))} />`)}
    ${open && commands.includes(open) && open.roles[role] && html`<${CommandForm} key=${open.name} model=${model} command=${open} context=${context} close=${close} />`}
  </div>`;
}

/** @param {any} props */
function CommandButton({ command, role, open }) {
  const allowed = command.roles[role];
  const who = Object.keys(command.roles).join(", ");
  const classes = command.method === "DELETE" ? "danger" : command.method === "POST" && !command.inPath.length ? "primary" : "";
  return html`<button type="button" class=${classes} aria-disabled=${!allowed || undefined} title=${allowed ? command.summary : `Only for ${who}.`} onClick=${() => allowed && open()}>${command.label}</button>`;
}

/** @param {{model: any, command: Operation, context?: Context, close: () => void}} props */
function CommandForm({ model, command, context, close }) {
  const schema = command.body && read(command.body).schema;
  // What is changed begins with what is there.
  const changes = command.method === "PATCH" && context && below(command, context.item);
  const before = useMemo(() => schema && (changes ? draftOf(schema, context.data) : blank(schema)), [command]);
  const [draft, setDraft] = useState(before);
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [sending, setSending] = useState(false);
  const key = useRef(crypto.randomUUID());
  // The page behind may load newer versions meanwhile. What the person has seen is what the form began with.
  const seen = useRef(context);
  const sentBody = useRef("");

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (sending) return;
    const body = schema ? (changes ? changesOf(schema, before, draft) : bodyOf(schema, draft)) : undefined;
    const text = JSON.stringify(draft ?? null);
    // The same request again keeps its key, so that it cannot take effect twice; another one needs another.
    if (text !== sentBody.current) key.current = crypto.randomUUID();
    sentBody.current = text;
    setSending(true);
    try {
      const headers = { "Idempotency-Key": key.current, ...conditionOf(command, seen.current) };
      const begun = performance.now();
      const answer = await send(command.method, filled(command.path, pathValues(command, context)), { body, headers });
      keepTime(command, answer, performance.now() - begun);
      done(command, answer, context, close);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!error.unknown) sentBody.current = "";
      setProblem(error);
      setSending(false);
    }
  };
  return html`<${Drawer} title=${command.label} summary=${command.summary} close=${close}>
    <form onSubmit=${submit} novalidate>
      ${problem && html`<${Refusal} problem=${problem} schema=${schema} context=${context} close=${close} />`}
      ${schema && html`<${Fields} model=${model} schema=${schema} draft=${draft} change=${setDraft} faults=${problem?.faults ?? []} />`}
      ${!schema && html`<p>${command.method === "DELETE" ? "This cannot be undone here." : "Nothing more is needed."}</p>`}
      <div class="form-end">
        <button type="submit" class=${command.method === "DELETE" ? "danger primary" : "primary"} aria-disabled=${sending || undefined}>${sending ? "Sending" : problem?.unknown ? "Send again" : command.label}</button>
        <button type="button" class="quiet" onClick=${close}>Cancel</button>
      </div>
    </form>
  <//>`;
}

/** @param {Operation} command @param {import("./api.js").Answer} answer @param {number} ms */
function keepTime(command, { headers, data }, ms) {
  if (data?.version && !headers.get("Idempotent-Replayed")) {
    remember({ command: command.name, id: data.id, version: data.version, correlation: headers.get("X-Correlation-Id") ?? "", ms });
  }
}

/** @param {Operation} command @param {Context} [context] */
function pathValues(command, context) {
  const [parameter] = command.inPath;
  return parameter && context ? { [parameter.name]: Object.values(context.id)[0] } : {};
}

/**
 * The version that the person has seen, where the command changes that very thing.
 * @param {Operation} command
 * @param {Context} [context]
 * @returns {Record<string, string>}
 */
function conditionOf(command, context) {
  return context?.tag && below(command, context.item) && command.service === context.item.service ? { "If-Match": context.tag } : {};
}

/**
 * @param {Operation} command
 * @param {import("./api.js").Answer} answer
 * @param {Context | undefined} context
 * @param {() => void} close
 */
function done(command, answer, context, close) {
  const replayed = answer.headers.get("Idempotent-Replayed") ? " It had taken effect before." : "";
  notify(`${command.label}: done${answer.data?.version ? `, version ${answer.data.version}` : ""}.${replayed}`);
  const created = answer.headers.get("Location");
  if (answer.status === 201 && created) return go(href(`/${created.slice(BASE.length)}`));
  if (command.method === "DELETE" && context && command.path === context.item.path) return go(href(context.item.path.replace(/\/{\w+}$/, "")));
  close();
  context?.reload();
}

/** What the API says against it: faults that belong to no field, and what to do. @param {any} props */
function Refusal({ problem, schema, context, close }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const field = box.current?.closest("form")?.querySelector('[aria-invalid="true"]');
    (field instanceof HTMLElement ? field : box.current)?.focus();
  }, [problem]);
  const known = (/** @type {string} */ pointer) => !!schema?.properties?.[pointer.split("/")[1]];
  const others = problem.faults.filter((/** @type {any} */ fault) => !fault.pointer || !known(fault.pointer));
  const marked = problem.faults.length > 0 && !others.length;
  return html`<div class="refusal" role="alert" tabindex="-1" ref=${box}>
    <p><strong>${problem.title}.</strong> ${marked ? "See the marked fields." : problem.message}</p>
    ${others.map((/** @type {any} */ fault) => html`<p>${fault.parameter ?? fault.pointer} ${fault.detail}</p>`)}
    ${problem.status === 412 && context && html`<p>Somebody changed it meanwhile. <button type="button" class="quiet" onClick=${() => { context.reload(); close(); }}>Show the present version</button></p>`}
    ${problem.unknown && html`<p>It is not known whether it took effect. Sending it again is safe: it counts once.</p>`}
  </div>`;
}

/** A dialog at the side of the page. @param {any} props */
export function Drawer({ title, summary, close, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    dialog.current?.showModal();
    const first = dialog.current?.querySelector("form input, form select, form textarea, form button[type=submit]");
    if (first instanceof HTMLElement) first.focus();
  }, []);
  return html`<dialog class="drawer" ref=${dialog} aria-label=${title}
      onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); close(); }}
      onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && close()}>
    <div class="drawer-body">
      <header><h2>${title}</h2><button type="button" class="close" aria-label="Close" onClick=${close}>×</button></header>
      <p class="muted">${summary}</p>
      ${children}
    </div>
  </dialog>`;
}
