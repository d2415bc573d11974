import { expect, it } from "vitest";
import { createMesh } from "../../src/calls/mesh";
import { FakeClock, settled } from "../support/fake-clock";

it("measures nothing any more once it is closed, also when it was measuring just then", async () => {
  const clock = new FakeClock();
  const mesh = createMesh("me", [], clock, { signal() {}, pointed() {}, async rejoin() {} });
  clock.advance(2_000);
  mesh.close();
  await settled();
  expect(clock.pending).toBe(0);
});
