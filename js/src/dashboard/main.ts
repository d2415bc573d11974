/** The hub's dashboard: reads `/metrics` every two seconds and plots what `conduit-widget top` shows. */

import { browserClock } from "../clock";
import { Board } from "./board";
import { type Reading, readMetrics } from "./reading";
import { byId, Status } from "./status";
import { Watch } from "./watch";

const page = document.documentElement;
const announcer = byId("announcer");
const board = new Board(byId("figures"), (text) => {
  announcer.textContent = text;
});
const status = new Status(giveKey);

/** In this variable only: a reload forgets it. */
let key = "";

function giveKey(given: string): void {
  key = given;
  watch.begin();
}

function onReading(reading: Reading): void {
  page.dataset.hub = reading.kind;
  switch (reading.kind) {
    case "metrics": {
      page.dataset.seen = "";
      const { figures, another } = board.take(reading.scrape);
      status.live(reading.hubTime, figures.startedAt, another, reading.leftOut);
      break;
    }
    case "unreachable":
      board.miss();
      status.unreachable(reading.why, reading.answered);
      break;
    case "key":
      board.pause();
      status.keyNeeded(reading.status, key !== "");
      key = "";
  }
}

const watch = new Watch({
  clock: browserClock,
  visible: () => !document.hidden,
  read: () => readMetrics((url, init) => fetch(url, init), "metrics", key),
  onReading,
  onPause: () => board.pause(),
});

byId("host").textContent = location.host;
for (const input of document.querySelectorAll<HTMLInputElement>("input[name=minutes]")) {
  if (input.checked) board.show(Number(input.value));
  input.addEventListener("change", () => board.show(Number(input.value)));
}
document.addEventListener("visibilitychange", () => watch.visibilityChanged());
watch.begin();
