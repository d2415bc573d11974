import type { VNode } from "preact";
import { plainName } from "../../plain";

/** The files that wait with a message. */
export function FileNames({ names }: { names: readonly string[] }): VNode | null {
  if (names.length === 0) return null;
  return (
    <ul class="file-names">
      {names.map((name, at) => (
        <li key={at}>
          <bdi>{plainName(name)}</bdi>
        </li>
      ))}
    </ul>
  );
}
