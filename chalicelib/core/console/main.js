/** Where the console begins: it reads what the API says of itself, and shows the page that the URL names. */
import { BASE, Problem } from "./api.js";
import { html, render, useEffect, useState } from "./html.js";
import { parse } from "./json.js";
import { DocsPage } from "./docs.js";
import { ItemPage } from "./item.js";
import { ListPage } from "./list.js";
import { LETTER, LETTERS, LetterPage, LettersPage, lettersOf } from "./letters.js";
import { usePlace } from "./location.js";
import { modelOf, queryAt } from "./model.js";
import * as oidc from "./oidc.js";
import { OperationsPage } from "./operations.js";
import * as session from "./session.js";
import { Shell } from "./shell.js";
import { SignIn } from "./signin.js";
import { Empty, Failed, Loading } from "./states.js";

/** The page of the API's documentation, to which /docs leads. */
const DOCS = "/~docs";

/** @param {string} path */
async function fetched(path) {
  try {
    const answer = await fetch(BASE + path);
    if (!answer.ok) throw new Problem(answer.status, null);
    return parse(await answer.text());
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(0, { detail: "The API cannot be reached. Check the connection, and try again." });
  }
}

function Console() {
  const [start, setStart] = useState(/** @type {{model: any, ways: any} | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const signedIn = session.useSession();
  const place = usePlace();
  const begin = async () => {
    setProblem(null);
    try {
      const [document_, ways] = await Promise.all([fetched("openapi.json"), fetched("console/sign-in")]);
      if (ways.oidc && oidc.isReturn()) await oidc.comeBack(ways.oidc, ways).catch((error) => session.end(error.message));
      setStart({ model: modelOf(document_), ways });
    } catch (error) {
      setProblem(/** @type {Problem} */ (error));
    }
  };
  useEffect(() => void begin(), []);
  if (problem) return html`<main class="sign-in"><${Failed} problem=${problem} retry=${begin} /></main>`;
  if (!start) return html`<main class="sign-in"><${Loading} /></main>`;
  if (!signedIn && place.path === DOCS) return html`<main class="open-docs"><p><a href="#/">Sign in</a> to send requests.</p><${DocsPage} /></main>`;
  if (!signedIn) return html`<${SignIn} key=${session.whyEnded()} title=${start.model.title} ways=${start.ways} />`;
  return html`<${Shell} model=${start.model} place=${place}><${Page} key=${place.path} model=${start.model} place=${place} role=${signedIn.role} /><//>`;
}

/** @param {any} props */
function Page({ model, place, role }) {
  useEffect(() => {
    const heading = document.querySelector("main h1");
    document.title = [heading?.textContent, model.title].filter(Boolean).join(" · ");
    if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place.path]);
  const status = model.operations.find((/** @type {any} */ operation) => operation.name === "operations.status");
  if (place.path === DOCS) return html`<${DocsPage} />`;
  if (place.path === "/") return html`<${OperationsPage} allowed=${!!status?.roles[role]} letters=${!!lettersOf(model, role)} />`;
  const found = queryAt(model, place.path);
  if (!found) return html`<h1 tabindex="-1">Not found</h1><${Empty} title="There is no such page"><a href="#/">Operations</a><//>`;
  const { operation, values } = found;
  if (!operation.roles[role]) return html`<h1 tabindex="-1">${operation.label}</h1><${Empty} title="Not for this role">Only for ${Object.keys(operation.roles).join(", ")}.<//>`;
  if (operation.name === LETTERS) return html`<${LettersPage} model=${model} list=${operation} place=${place} />`;
  if (operation.name === LETTER) return html`<${LetterPage} model=${model} id=${values.id} />`;
  return operation.isList
    ? html`<${ListPage} model=${model} list=${operation} values=${values} place=${place} />`
    : html`<${ItemPage} model=${model} item=${operation} values=${values} place=${place} role=${role} />`;
}

const root = document.getElementById("console");
if (root) root.textContent = "";
if (root) render(html`<${Console} />`, root);
