// A tiny harness: named checks against the official client; prints one JSON line per check.
import assert from "node:assert/strict";
import * as signalR from "@microsoft/signalr";

export const settings = JSON.parse(process.env.CONDUIT_TEST ?? "{}");

/** A connection over WebSockets and JSON whose token comes from a factory. */
export function connect(url, token, { reconnect = false, skipNegotiation = false } = {}) {
  const builder = new signalR.HubConnectionBuilder()
    .withUrl(url, {
      accessTokenFactory: typeof token === "function" ? token : () => token,
      transport: signalR.HttpTransportType.WebSockets,
      skipNegotiation,
    })
    .configureLogging(signalR.LogLevel.None);
  if (reconnect) builder.withAutomaticReconnect([0, 100, 500, 1000]);
  return builder.build();
}

/** Resolve with the first value given to `resolve`, or fail after `ms`. */
export function within(ms, what, executor) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
    executor((value) => {
      clearTimeout(timer);
      resolve(value);
    }, reject);
  });
}

/** The next arguments of an event. */
export function next(connection, event, ms = 30_000) {
  return within(ms, event, (resolve) => {
    const handler = (...args) => {
      connection.off(event, handler);
      resolve(args);
    };
    connection.on(event, handler);
  });
}

/** Collect a whole stream. */
export function collect(connection, method, ...args) {
  return new Promise((resolve, reject) => {
    const items = [];
    connection.stream(method, ...args).subscribe({
      next: (item) => items.push(item),
      error: reject,
      complete: () => resolve(items),
    });
  });
}

/** Run the checks in order; one failing check does not hide the others, but fails the run. */
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(JSON.stringify({ check: name, ok: true }));
    } catch (error) {
      failed += 1;
      console.log(JSON.stringify({ check: name, ok: false }));
      console.log(`${name}: ${error.stack ?? error}`);
    }
  }
  process.exit(failed ? 1 : 0);
}

export { assert, signalR };
