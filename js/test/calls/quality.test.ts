import { expect, it } from "vitest";
import { BEST, measured, nextPace, STEPS } from "../../src/calls/quality";

const report = (lost: number, received: number, extra: object = {}): [string, unknown][] => [
  ["T", { type: "transport", id: "T", selectedCandidatePairId: "P" }],
  [
    "P",
    {
      ...{ type: "candidate-pair", id: "P", localCandidateId: "L" },
      ...{ currentRoundTripTime: 0.05, availableOutgoingBitrate: 300_000 },
    },
  ],
  ["L", { type: "local-candidate", id: "L", candidateType: "relay" }],
  ["A", { type: "inbound-rtp", id: "A", kind: "audio", packetsLost: lost, packetsReceived: received }],
  ["V", { type: "inbound-rtp", id: "V", kind: "video", frameWidth: 640, frameHeight: 360, framesDecoded: 9 }],
  ["W", { type: "inbound-rtp", id: "W", kind: "video" }],
  ["R", { type: "remote-inbound-rtp", id: "R", fractionLost: 0.2, ...extra }],
];

it("says what was measured since the look before, and nothing that was not", () => {
  const first = measured(report(5, 95), { received: 0, lost: 0 });
  expect(first.quality).toEqual({
    ...{ roundTrip: 50, loss: 0.05, width: 640, height: 360, relayed: true, frames: 9 },
  });
  expect(first.bitrate).toBe(300_000);
  expect(first.lossThere).toBe(0.2);
  expect(measured(report(5, 195), first.counted).quality.loss).toBe(0);
  expect(measured([], { received: 0, lost: 0 }).quality).toEqual({
    ...{ roundTrip: null, loss: null, width: 0, height: 0, relayed: false, frames: 0 },
  });
});

it("makes pictures smaller while the line is thin, none at last, and comes back slowly", () => {
  let pace = BEST;
  const steps = [];
  for (let look = 0; look < 4; look += 1) {
    pace = nextPace(pace, 50_000, 0);
    steps.push(pace.step);
  }
  expect(steps).toEqual([1, 2, 3, 3]);
  expect(STEPS[3]).toEqual({ active: false });
  for (let look = 0; look < 3; look += 1) pace = nextPace(pace, 50_000, 0);
  expect(pace.step).toBe(3);
  pace = nextPace(pace, 50_000, 0);
  expect(pace.step).toBe(2); // nobody measures a line without pictures: it is tried
  for (let look = 0; look < 20; look += 1) pace = nextPace(pace, 2_000_000, 0);
  expect(pace.step).toBe(0);
});

it("takes a lossy line for a thin one, and does not go up while packets are lost", () => {
  expect(nextPace(BEST, null, 0.2).step).toBe(1);
  let pace = { step: 1, good: 0 };
  for (let look = 0; look < 20; look += 1) pace = nextPace(pace, 2_000_000, 0.05);
  expect(pace.step).toBe(1);
});
