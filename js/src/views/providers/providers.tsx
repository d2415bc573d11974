// Every provider with its health: the same in a cell of its own and under a chat's provider line.
import type { VNode } from "preact";
import type { Clock } from "../../clock";
import type { NoticeLine, ProviderFigures, ProviderStatus } from "../../contract";
import { plainLine, plainName } from "../../plain";
import { numeral, type PlainKey, retold, text } from "../../texts/texts";
import { type AsOf, asOfWords } from "../connection/as-of";
import { toneOf } from "../tone";
import { useCountdown } from "../use-countdown";
import { durationWords, modelLabel, timeLabel, wordFor } from "../words";
import { providerWords } from "./provider-words";
import { Sparkline } from "./sparkline";

const BREAKER: Record<string, PlainKey> = { closed: "closed", open: "open", half_open: "trying one" };
const SHOWN_MODELS = 4;

interface ProvidersProps {
  clock: Clock;
  asOf: AsOf;
  providers: readonly ProviderFigures[];
  failovers: readonly NoticeLine[];
}

export function Providers({ clock, asOf, providers, failovers }: ProvidersProps): VNode {
  return (
    <>
      {providers.length === 0 && <p class="none">{text("The hub has named no provider.")}</p>}
      <ul class="providers">
        {providers.map((figures) => (
          <Row key={figures.status.provider} clock={clock} asOf={asOf} {...figures} />
        ))}
      </ul>
      {failovers.length > 0 && (
        <div class="failovers">
          <h3>{text("Last failovers")}</h3>
          <ul>
            {failovers.map(({ id, text: words, said, timestamp }) => (
              <li key={id}>
                <time dateTime={timestamp}>{timeLabel(timestamp)}</time> {retold(words, said)}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function Row({ clock, asOf, status, latencies }: ProviderFigures & { clock: Clock; asOf: AsOf }): VNode {
  const { latency } = status;
  const name = plainName(status.provider);
  const breaker = wordFor(BREAKER, status.breaker);
  return (
    <li aria-label={name}>
      <div class="who">
        <span class={`dot ${asOf === null ? toneOf(status.state) : "idle"}`} aria-hidden="true" />
        <bdi class="name">{name}</bdi>
        <span class="state">{asOfWords(providerWords(status.state), asOf)}</span>
      </div>
      <Reason clock={clock} status={status} />
      <dl>
        <Figure name={text("First token")}>
          {seconds(latency?.ttftP50)}
          <Sparkline values={latencies} />
        </Figure>
        <Figure name={text("Speed")}>{rate(latency?.tokensPerSecond)}</Figure>
        <Figure name={text("Errors")}>{percent(status.errorRate)}</Figure>
        <Figure name={text("Breaker")}>{breaker ? text(breaker) : plainName(status.breaker)}</Figure>
        <Limit clock={clock} name={text("Requests left")} stated={status.rateLimit?.requests} />
        <Limit clock={clock} name={text("Tokens left")} stated={status.rateLimit?.tokens} />
        <Models status={status} />
      </dl>
    </li>
  );
}

function Figure({ name, children }: { name: string; children: preact.ComponentChildren }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What is left of a limit, and when it is whole again; a dash where nobody has stated one. */
function Limit({ clock, name, stated }: { clock: Clock; name: string; stated: unknown }): VNode {
  const { limit, remaining, percentageUsed, resetTime, forecastSeconds } = Object(stated) as Record<
    string,
    unknown
  >;
  const left = useCountdown(clock, moment(resetTime));
  const used = isNumber(percentageUsed) ? Math.min(100, Math.max(0, percentageUsed)) : null;
  const counts = [remaining, limit].map((each) => (isNumber(each) ? numeral(each) : ""));
  const words =
    counts[0] && counts[1]
      ? text("{left} of {limit}", { left: counts[0], limit: counts[1] })
      : counts[0] || counts[1];
  return (
    <Figure name={name}>
      {words || "–"}
      {used !== null && (
        <span class={used >= 95 ? "meter bad" : used >= 80 ? "meter warn" : "meter"} aria-hidden="true">
          <i style={{ width: `${100 - used}%` }} />
        </span>
      )}
      {words && left ? (
        <span class="reset">{text("resets in {time}", { time: durationWords(left) })}</span>
      ) : null}
      {words && isNumber(forecastSeconds) && forecastSeconds < (left || Number.POSITIVE_INFINITY) ? (
        <span class="reset">
          {text("lasts about {time} at this rate", { time: durationWords(forecastSeconds) })}
        </span>
      ) : null}
    </Figure>
  );
}

function Models({ status }: { status: ProviderStatus }): VNode {
  const names = (status.models ?? []).map(modelLabel);
  const more = names.slice(SHOWN_MODELS);
  return (
    <div class="provider-models">
      <dt>{text("Models")}</dt>
      <dd>
        {names.slice(0, SHOWN_MODELS).join(", ") || "–"}
        {more.length > 0 && (
          <details>
            <summary>{text("{count} more", { count: more.length })}</summary>
            {more.join(", ")}
          </details>
        )}
      </dd>
    </div>
  );
}

/** Why a provider is as it is, and when it is tried again. */
function Reason({ clock, status }: { clock: Clock; status: ProviderStatus }): VNode | null {
  const left = useCountdown(clock, moment(status.retryAt));
  const reason = plainLine(status.reason);
  if (!reason && !left) return null;
  return (
    <p class="why">
      {reason && <span>{reason} </span>}
      {left ? (
        <span class="retry">{text("Tried again in {time}.", { time: durationWords(left) })}</span>
      ) : null}
    </p>
  );
}

/** A moment of the contract (ISO 8601) in epoch ms; null where it is none. */
function moment(value: unknown): number | null {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isFinite(at) ? at : null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function seconds(value: unknown): string {
  if (!isNumber(value)) return "–";
  return value < 10_000 ? `${fixed(value / 1000, 2)} s` : durationWords(value / 1000);
}

function rate(value: unknown): string {
  if (!isNumber(value)) return "–";
  return text("metrics.rate", { rate: fixed(value, value < 10 ? 1 : 0) });
}

function percent(value: unknown): string {
  return isNumber(value) ? `${numeral(Math.round(value * 100))} %` : "–";
}

function fixed(value: number, digits: number): string {
  return numeral(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
