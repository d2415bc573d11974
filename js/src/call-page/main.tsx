// Entry: the page of a call that the hub serves itself, for where a notebook's page may not use a camera.
import { signal } from "@preact/signals";
import { render, type VNode } from "preact";
import { createMesh } from "../calls/mesh";
import { type CallSession, createCallSession } from "../calls/session";
import { browserClock } from "../clock";
import callStageCss from "../styles/calls/call-stage.css?inline";
import callsCss from "../styles/calls/calls.css?inline";
import chatCss from "../styles/chat.css?inline";
import sheetsCss from "../styles/sheets/sheets.css?inline";
import tokensCss from "../styles/tokens.css?inline";
import { calls as german } from "../texts/de/calls";
import { capture as germanCapture } from "../texts/de/capture";
import { message as germanWords } from "../texts/de/message";
import { calls } from "../texts/en/calls";
import { capture } from "../texts/en/capture";
import { message } from "../texts/en/message";
import { sheets } from "../texts/en/sheets";
import { calls as spanish } from "../texts/es/calls";
import { capture as spanishCapture } from "../texts/es/capture";
import { message as spanishWords } from "../texts/es/message";
import { addTexts, ENGLISH, speak, text } from "../texts/texts";
import { calls as chinese } from "../texts/zh/calls";
import { capture as chineseCapture } from "../texts/zh/capture";
import { message as chineseWords } from "../texts/zh/message";
import { Lobby } from "../views/calls/lobby";
import { Stage } from "../views/calls/stage";
import { type HubPlace, hubPlace, type Seat } from "./hub-place";
import pageCss from "./page.css?inline";

/** For the script of LiveKit's client, which shares what it makes with this one. */
export { signal };

addTexts({ ...sheets, ...message, ...calls, ...capture });

const LANGUAGES = {
  de: { ...germanWords, ...german, ...germanCapture },
  es: { ...spanishWords, ...spanish, ...spanishCapture },
  zh: { ...chineseWords, ...chinese, ...chineseCapture },
} as const;
/** The key of this tab's seat: a page that is loaded again has no ticket any more. */
const KEPT = "conduit-call:seat";
const HUB = new URL(".", location.href);

function Page({ session, place }: { session: CallSession; place: HubPlace }): VNode {
  const people = place.people.value;
  return session.phase.value === "in" ? (
    <Stage session={session} people={people} />
  ) : (
    <Lobby session={session} people={people} />
  );
}

/** Gives the ticket back for a seat; takes the seat again when the page was loaded again. */
async function takeSeat(): Promise<Seat> {
  const ticket = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (!ticket) {
    const kept = sessionStorage.getItem(KEPT);
    if (!kept) throw new Error(text("call.pageTicket"));
    return JSON.parse(kept) as Seat;
  }
  const body = JSON.stringify({ ticket });
  const headers = { "content-type": "application/json" };
  const reply = await fetch(new URL("call/seat", HUB), { method: "POST", body, headers });
  const told = await reply.json();
  if (!reply.ok) throw new Error(String(told.error));
  sessionStorage.setItem(KEPT, JSON.stringify(told));
  return told as Seat;
}

function sessionOf(place: HubPlace): CallSession {
  return createCallSession({
    place,
    clock: browserClock,
    lifetime: new AbortController().signal,
    async carrier(selfId, call, events) {
      if (!call.sfu) return createMesh(selfId, call.iceServers ?? [], browserClock, events);
      const script = new URL("call-livekit.js", HUB).href;
      const { createRoomCarrier } = (await import(script)) as typeof import("../calls/room");
      return createRoomCarrier(call, browserClock, events);
    },
  });
}

function say(why: string): VNode {
  return (
    <p class="over" role="status">
      {why}
    </p>
  );
}

async function begin(box: HTMLElement): Promise<void> {
  const tag = navigator.language;
  const own = LANGUAGES[tag.slice(0, 2) as keyof typeof LANGUAGES];
  if (own) speak(tag, own);
  else speak(ENGLISH);
  document.documentElement.lang = own ? tag : "en";
  document.title = text("sheet.call");
  const root = box.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [
    sheet([tokensCss, chatCss, sheetsCss, callsCss, callStageCss, pageCss].join("\n")),
  ];
  const show = (view: VNode): void => render(<div class="call-page">{view}</div>, root);
  const over = (why: string): void => {
    sessionStorage.removeItem(KEPT);
    show(say(why));
  };
  try {
    const place = hubPlace(await takeSeat(), HUB, browserClock);
    const session = sessionOf(place);
    let wasIn = false;
    // A page that is loaded again leaves the call for a moment: its seat is kept.
    let goes = false;
    globalThis.addEventListener("pagehide", () => {
      goes = true;
    });
    session.phase.subscribe((phase) => {
      if (phase === "in") wasIn = true;
      if (phase !== "out" || !wasIn || goes) return;
      // Out of the call: what was said of why stays, else the tab closes.
      place.close();
      over(session.notice.peek() ?? text("call.pageOver"));
      if (session.notice.peek() === null) globalThis.close();
    });
    place.ended.subscribe((why) => {
      if (why !== null && !wasIn) over(why || text("call.pageTicket"));
    });
    show(<Page session={session} place={place} />);
  } catch (error) {
    over((error as Error).message);
  }
}

function sheet(css: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

void begin(document.getElementById("call") as HTMLElement);
