/** Every route, to read and to try: Swagger UI, with the console's session. It is fetched when this page is opened. */
import { BASE } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { parse, stringify } from "./json.js";
import * as session from "./session.js";
import { Failed, Loading } from "./states.js";

/** @type {Promise<any> | null} */
let library = null;

/** The library's function, once its script and its style sheet are there. */
function swagger() {
  library ??= new Promise((resolve, reject) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: import.meta.resolve("swagger-ui.css") });
    const script = Object.assign(document.createElement("script"), { src: import.meta.resolve("swagger-ui") });
    script.addEventListener("load", () => resolve(/** @type {any} */ (window).SwaggerUIBundle));
    script.addEventListener("error", () => {
      library = null;
      reject(new Error("Swagger UI cannot be fetched. Check the connection, and try again."));
    });
    document.head.append(sheet, script);
  });
  return library;
}

/** Answers keep all digits of their integers: the library would read them as JavaScript's numbers. */
const exactAnswers = () => ({
  wrapComponents: {
    responseBody: (/** @type {any} */ Original, /** @type {any} */ system) => (/** @type {any} */ props) =>
      system.React.createElement(Original, { ...props, ...exact(props) }),
  },
});

/** @param {{content: any, contentType: string}} props */
function exact({ content, contentType }) {
  if (typeof content !== "string" || !/json/.test(contentType ?? "")) return {};
  try {
    return { content: stringify(parse(content), 2), contentType: "text/plain" };
  } catch {
    return {};
  }
}

/** @param {any} request */
function withSession(request) {
  if (new URL(request.url, location.href).origin !== location.origin) return request;
  const signedIn = session.current();
  if (signedIn) request.headers.Authorization ??= `Bearer ${signedIn.token}`;
  if (request.method === "GET" && session.consistencyToken()) request.headers["Consistency-Token"] ??= session.consistencyToken();
  return request;
}

/** @param {any} response */
function remembered(response) {
  session.sawConsistencyToken(response.headers?.["consistency-token"] ?? null);
  return response;
}

export function DocsPage() {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [shown, setShown] = useState(false);
  const show = () => {
    setProblem(null);
    swagger().then((SwaggerUI) => {
      SwaggerUI({
        domNode: box.current,
        url: `${BASE}openapi.json`,
        docExpansion: "list",
        defaultModelsExpandDepth: -1,
        displayOperationId: true,
        requestSnippetsEnabled: false,
        showMutatedRequest: false, // the command for curl would show the token, to be copied on
        syntaxHighlight: { activated: false },
        validatorUrl: null,
        plugins: [exactAnswers],
        requestInterceptor: withSession,
        responseInterceptor: remembered,
        onComplete: () => setShown(true),
      });
    }, setProblem);
  };
  useEffect(show, []);
  return html`<header class="page-head"><div><h1 tabindex="-1">API</h1>
      <p class="muted">Every route, to try. Requests carry your token and the newest Consistency-Token. <a href=${`${BASE}openapi.json`}>openapi.json</a></p></div></header>
    ${problem && html`<${Failed} problem=${problem} retry=${show} />`}
    ${!shown && !problem && html`<${Loading} />`}
    <div class="docs" ref=${box}></div>`;
}
