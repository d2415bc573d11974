import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { CallSession } from "../../calls/session";
import { tilingOf } from "../../calls/tiling";
import type { CallPeer, Participant } from "../../contract";
import { Tile } from "./tile";

interface Props {
  session: CallSession;
  peers: readonly CallPeer[];
  people: readonly Participant[];
  /** Beside one large picture. */
  strip: boolean;
}

/** Everybody's pictures, as large as the room allows. */
export function Tiles({ session, peers, people, strip }: Props): VNode {
  const box = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width !== size.peek().width || height !== size.peek().height) size.value = { width, height };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [size]);
  const { width, height } = tilingOf(peers.length, size.value.width, size.value.height);
  return (
    <div
      ref={box}
      class={`tiles${strip ? " strip" : ""}`}
      data-count={peers.length}
      style={{ "--tile-width": `${width}px`, "--tile-height": `${height}px` }}
    >
      {peers.map((peer) => (
        <Tile key={peer.peerId} session={session} peer={peer} people={people} />
      ))}
    </div>
  );
}
