// Lazy chunk: the tools that a model called for an answer, a folded row each.
import type { VNode } from "preact";
import toolsCss from "../../styles/transcript/tools.css?inline";
import { tools } from "../../texts/en/tools";
import { addTexts, numeral, text } from "../../texts/texts";

addTexts(tools);

/** The style of the rows. */
export { toolsCss as css };

/** More of an argument or a result than this is cut: a row is for reading. */
const LONGEST = 20_000;
const LONGEST_NAME = 80;

/** The calls in `metadata.toolCalls`: each `{name, arguments, result?, duration?, error?}`, the duration in ms. */
export function ToolCalls({ calls }: { calls: readonly unknown[] }): VNode {
  return (
    <ul class="tools" aria-label={text("tools.label")}>
      {calls.map((call, index) => (
        <li key={index}>
          <ToolCall call={Object(call)} />
        </li>
      ))}
    </ul>
  );
}

function ToolCall({ call }: { call: Record<string, unknown> }): VNode {
  const name = typeof call.name === "string" ? call.name.slice(0, LONGEST_NAME) : "";
  const { duration, error } = call;
  const failed = error !== undefined && error !== null && error !== false;
  const result = failed ? error : call.result;
  return (
    <details>
      <summary>
        <code dir="auto">{name || text("tools.unnamed")}</code>
        {failed && <span class="failed">{text("tools.failed")}</span>}
        {typeof duration === "number" && Number.isFinite(duration) && (
          <span class="duration">{durationWords(duration)}</span>
        )}
      </summary>
      <Part label={text("tools.arguments")} value={call.arguments} />
      {result === undefined || result === null ? (
        <p>{text("tools.noResult")}</p>
      ) : (
        <Part label={text(failed ? "tools.error" : "tools.result")} value={result} />
      )}
    </details>
  );
}

function Part({ label, value }: { label: string; value: unknown }): VNode {
  return (
    <>
      <p>{label}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0} dir="ltr">
        {shown(value)}
      </pre>
    </>
  );
}

/** JSON with its lines and indentation; anything else as it is. */
function shown(value: unknown): string {
  let words = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  if (typeof value === "string" && /^\s*[[{]/.test(value) && value.length <= LONGEST)
    try {
      words = JSON.stringify(JSON.parse(value), null, 2);
    } catch {
      // It only looked like JSON: models break off in the middle.
    }
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words || text("tools.nothing");
}

function durationWords(ms: number): string {
  if (ms < 1_000) return text("tools.milliseconds", { time: numeral(Math.round(ms)) });
  return text("time.seconds", { seconds: numeral(ms / 1_000, { maximumFractionDigits: 1 }) });
}
