// What lazy chunks share with the main bundle. A chunk that imports one of these modules gets the main bundle's own copy:
// hooks work with one copy of Preact only, and what holds state must exist once. `scripts/build.mjs` reads the imports below.
import * as signals from "@preact/signals";
import * as preact from "preact";
import * as hooks from "preact/hooks";
import * as jsx from "preact/jsx-runtime";
import * as lazy from "./lazy";

/** The modules by the name that a chunk asks for: as this file imports them. */
export const kit: Readonly<Record<string, object>> = {
  preact,
  "preact/hooks": hooks,
  "preact/jsx-runtime": jsx,
  "@preact/signals": signals,
  "./lazy": lazy,
};

/** What a chunk calls for a shared module. */
export function fromKit(name: string): object {
  const found = kit[name];
  if (!found) throw new Error(`The main bundle shares no ${name}.`);
  return found;
}
