import type { VNode } from "preact";
import { plainName } from "../plain";
import type { HealthStore } from "../widgets/connection-health";
import { ConnectionBadge, ConnectionBanner } from "./connection";

/** The figures of a connection, each under its name. */
export function Health({ store }: { store: HealthStore }): VNode {
  const health = store.health.value;
  const figures: [name: string, value: string][] = health
    ? [
        ["Hub", plainName(health.host)],
        ["Transport", plainName(health.transport)],
        ["Round trip", milliseconds(health.latency)],
        ["95 % within", milliseconds(health.latencyP95)],
        ["First paint", milliseconds(health.firstPaint)],
        ["Reconnects", String(health.reconnects)],
        ["Unsent", String(health.unsent)],
      ]
    : [];
  return (
    <section class="health" aria-label="Connection to the hub">
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
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
