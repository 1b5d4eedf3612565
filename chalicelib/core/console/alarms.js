/** The alarms of a deployment, and what to do about each. docs/operate.md says more; a test compares the two. */
import { html } from "./html.js";

/**
 * By the names that CloudWatch shows. `here`: which of the findings of this page it belongs to, if the page can see it.
 * @type {{names: string[], meaning: string, first: string, then: string, here?: string}[]}
 */
export const ALARMS = [
  { names: ["ProjectionLag"], here: "lag", meaning: "For three minutes a commit took over a minute to become visible, or the check does not run.", first: "ops status", then: "One service is behind: see its dead letters and the projector's log. All are: see the database." },
  { names: ["DeadLetters"], here: "letters", meaning: "A record was set aside, because it cannot be handled.", first: "ops dead-letters list", then: "Mend the cause, then redrive." },
  { names: ["IteratorAge"], here: "stuck", meaning: "For three minutes projector or reactor had a record over five minutes old.", first: "errors_of Projector", then: "Streams keep records for 24 hours. Is the function throttled, or the database at its limit?" },
  { names: ["FunctionErrors"], meaning: "A function raised an error, timed out or ran out of memory.", first: "errors_of Commands", then: "The correlation id of the line finds the related lines." },
  { names: ["AuthorizerFaults"], meaning: "The authorizer could not judge a token, because of its settings or the issuer's keys.", first: "errors_of Authorizer", then: "Is JwtJwks set, and does its address answer?" },
  { names: ["FunctionThrottles"], meaning: "Lambda's concurrency is used up.", first: "aws lambda get-account-settings --query AccountLimit", then: "Request a higher quota." },
  { names: ["ServerErrors"], meaning: "The API answered with over five 5xx a minute.", first: "errors_of Commands", then: "See the access log by status and error, and the trace." },
  { names: ["Latency"], meaning: "For five minutes one request in a hundred took over 3 s.", first: "", then: "Commands: conflicts, or a hot aggregate. Queries: the database, or waits for consistency tokens." },
  { names: ["TableThrottles"], meaning: "DynamoDB throttled writes for two minutes.", first: "", then: "After a sudden load it ends within minutes. One hot item does not end by itself." },
  { names: ["DatabaseCapacity", "DatabaseProcessor"], meaning: "For ten minutes Aurora has used over 90 % of its maximum capacity.", first: 'aws logs tail "/aws/rds/cluster/$(output ClusterId)/slowquery" --since 1h', then: "Raise MaxCapacity, or add a reader." },
  { names: ["ReplicaLag"], meaning: "For five minutes the reader has been over 2 s behind.", first: "", then: "End the long query on the reader." },
  { names: ["DatabaseConnections"], meaning: "Sessions wait over 0.1 s for a connection of the proxy.", first: "", then: "Reduce Parallelization, or raise the capacity." },
];

/** @param {{findings: {alarm: string}[]}} props */
export function Alarms({ findings }) {
  const seen = new Set(findings.map((one) => one.alarm));
  return html`<section><h2>Alarms</h2><p class="muted">What a deployment's alarms mean, and what to do. This page sees the first three by itself; CloudWatch watches the others.</p>
    <div class="alarms">${ALARMS.map((alarm) => html`<details key=${alarm.names[0]}>
      <summary>${alarm.here && html`<span class=${`dot ${seen.has(alarm.here) ? "bad" : "good"}`}></span>`}<strong>${alarm.names.join(", ")}</strong> <span class="muted">${alarm.here ? (seen.has(alarm.here) ? "see above" : "nothing seen") : ""}</span></summary>
      <p>${alarm.meaning} ${alarm.then}</p>${alarm.first && html`<p><code>${alarm.first}</code></p>`}</details>`)}</div></section>`;
}
