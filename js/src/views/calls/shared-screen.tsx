import { useSignal } from "@preact/signals";
import type { RefObject, TargetedPointerEvent, TargetedWheelEvent, VNode } from "preact";
import { useRef } from "preact/hooks";
import type { Point } from "../../calls/pointing";
import type { CallSession } from "../../calls/session";
import { stillOf } from "../../calls/still";
import { text } from "../../texts/texts";
import { shownName } from "../words";
import { MinusIcon, PlusIcon, StillIcon } from "./icons";
import { Picture } from "./picture";

interface Props {
  session: CallSession;
  track: MediaStreamTrack;
  label: string;
  video?: RefObject<HTMLVideoElement | null>;
}

const MOST_ZOOM = 6;
const STEP = 1.4;

/** A shared screen: one zooms and moves it for oneself; where one points, everybody sees. */
export function SharedScreen({ session, track, label, video }: Props): VNode {
  const zoom = useSignal(1);
  const shift = useSignal({ x: 0, y: 0 });
  const taken = useSignal<"call.stillTaken" | "call.stillFailed" | null>(null);
  const dragged = useRef<Point | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLVideoElement | null>(null);

  const set = (next: number): void => {
    zoom.value = Math.min(MOST_ZOOM, Math.max(1, next));
    move(shift.value.x, shift.value.y);
  };
  /** The picture never leaves its frame. */
  const move = (x: number, y: number): void => {
    const most = (zoom.value - 1) / 2;
    const held = (value: number): number => Math.min(most, Math.max(-most, value));
    shift.value = { x: held(x), y: held(y) };
  };
  /** Where in the picture something happens; null beside it. */
  const placeOf = (event: TargetedPointerEvent<HTMLElement>): Point | null => {
    const element = frame.current?.querySelector("video");
    if (!element) return null;
    const box = shownBox(element);
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
  };
  const onMove = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    const from = dragged.current;
    const box = frame.current?.getBoundingClientRect();
    if (from && box && zoom.value > 1) {
      move(
        shift.value.x + (event.clientX - from.x) / box.width,
        shift.value.y + (event.clientY - from.y) / box.height,
      );
      dragged.current = { x: event.clientX, y: event.clientY };
      return;
    }
    session.pointing.point(placeOf(event));
  };
  const letGo = (): void => {
    dragged.current = null;
  };
  const onWheel = (event: TargetedWheelEvent<HTMLDivElement>): void => {
    event.preventDefault();
    set(zoom.value * (event.deltaY < 0 ? STEP : 1 / STEP));
  };
  const still = async (): Promise<void> => {
    const element = frame.current?.querySelector("video");
    if (!element) return;
    taken.value = null;
    try {
      await session.keep?.(await stillOf(element, "screen"));
      taken.value = "call.stillTaken";
    } catch {
      taken.value = "call.stillFailed";
    }
  };
  const style = {
    transform: `translate(${shift.value.x * 100}%, ${shift.value.y * 100}%) scale(${zoom.value})`,
  };
  return (
    <div class="screen" data-zoom={zoom.value.toFixed(1)}>
      {/* The wheel and the pointer are extras: the buttons do the same. */}
      <div
        ref={frame}
        class="screen-frame"
        title={text("call.screenHint")}
        onPointerDown={(event) => {
          dragged.current = { x: event.clientX, y: event.clientY };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerUp={letGo}
        onPointerCancel={letGo}
        onPointerMove={onMove}
        onPointerLeave={() => session.pointing.point(null)}
        onWheel={onWheel}
      >
        <div class="screen-moved" style={style}>
          <Picture track={track} label={label} video={video ?? picture} />
          <Pointers session={session} frame={frame.current} />
        </div>
      </div>
      <div class="screen-tools">
        <button
          type="button"
          class="icon"
          title={text("call.zoomIn")}
          aria-label={text("call.zoomIn")}
          onClick={() => set(zoom.value * STEP)}
        >
          <PlusIcon />
        </button>
        <button
          type="button"
          class="icon"
          title={text("call.zoomOut")}
          aria-label={text("call.zoomOut")}
          onClick={() => set(zoom.value / STEP)}
        >
          <MinusIcon />
        </button>
        {session.keep && (
          <button
            type="button"
            class="icon"
            title={text("call.still")}
            aria-label={text("call.still")}
            onClick={() => void still()}
          >
            <StillIcon />
          </button>
        )}
        {taken.value && (
          <span class="hint" role="status">
            {text(taken.value)}
          </span>
        )}
        {zoom.value > 1 && (
          <button type="button" class="plain" onClick={() => set(1)}>
            {text("call.zoomReset")}
          </button>
        )}
      </div>
    </div>
  );
}

/** The pointers of the others, each with its owner's name as the hub knows it. */
function Pointers({ session, frame }: { session: CallSession; frame: HTMLElement | null }): VNode {
  const points = session.pointing.points.value;
  const video = frame?.querySelector("video");
  const [wide, high] = video ? shareOf(video) : [1, 1];
  return (
    <>
      {session.peers.value.map(({ peerId, userName }) => {
        const at = points.get(peerId);
        if (!at) return null;
        const left = `${(0.5 + (at.x - 0.5) * wide) * 100}%`;
        const top = `${(0.5 + (at.y - 0.5) * high) * 100}%`;
        return (
          <span key={peerId} class="pointer" style={{ left, top }}>
            <bdi class="pointer-name">{shownName(userName)}</bdi>
          </span>
        );
      })}
    </>
  );
}

/** Which share of the element's width and height the picture takes: the rest is bars. */
function shareOf(video: HTMLVideoElement): [wide: number, high: number] {
  const { videoWidth, videoHeight, clientWidth, clientHeight } = video;
  if (!videoWidth || !videoHeight || !clientWidth || !clientHeight) return [1, 1];
  const [picture, box] = [videoWidth / videoHeight, clientWidth / clientHeight];
  return picture > box ? [1, box / picture] : [picture / box, 1];
}

function shownBox(video: HTMLVideoElement): { left: number; top: number; width: number; height: number } {
  const box = video.getBoundingClientRect();
  const [wide, high] = shareOf(video);
  const [width, height] = [box.width * wide, box.height * high];
  return {
    left: box.left + (box.width - width) / 2,
    top: box.top + (box.height - height) / 2,
    width,
    height,
  };
}
