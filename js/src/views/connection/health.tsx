import type { VNode } from "preact";
import { plainName } from "../../plain";
import { numeral, text } from "../../texts/texts";
import type { HealthStore } from "../../widgets/connection-health";
import { ConnectionBadge, ConnectionBanner } from "./connection";

/** The figures of a connection, each under its name. */
export function Health({ store }: { store: HealthStore }): VNode {
  const health = store.health.value;
  const figures: [name: string, value: string][] = health
    ? [
        [text("Hub"), plainName(health.host)],
        [text("Transport"), plainName(health.transport)],
        [text("Round trip"), milliseconds(health.latency)],
        [text("95 % within"), milliseconds(health.latencyP95)],
        [text("First paint"), milliseconds(health.firstPaint)],
        [text("Reconnects"), numeral(health.reconnects)],
        [text("Unsent"), numeral(health.unsent)],
      ]
    : [];
  return (
    <section class="health" aria-label={text("Connection to the hub")}>
      <ConnectionBadge way={store} />
      <dl>
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value || "–"}</dd>
          </div>
        ))}
      </dl>
      <ConnectionBanner way={store} />
    </section>
  );
}

function milliseconds(value: number | null): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return "";
  const digits = value < 10 ? 1 : 0;
  return `${numeral(value, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ms`;
}
