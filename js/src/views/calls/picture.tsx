import type { RefObject, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  track: MediaStreamTrack;
  label: string;
  /** One sees oneself as in a mirror. */
  mirrored?: boolean;
  video?: RefObject<HTMLVideoElement | null>;
}

/** A moving picture without its sound, which is played elsewhere. */
export function Picture({ track, label, mirrored = false, video }: Props): VNode {
  const own = useRef<HTMLVideoElement | null>(null);
  useEffect(() => {
    const element = own.current;
    if (!element) return;
    element.srcObject = new MediaStream([track]);
    element.play().catch(() => {}); // it plays as soon as it is in sight; without sound no click is needed
    if (video) video.current = element;
    return () => {
      element.srcObject = null;
    };
  }, [track, video]);
  return (
    <video
      ref={own}
      class={mirrored ? "mirrored" : undefined}
      aria-label={label}
      autoplay
      muted
      playsInline
    />
  );
}
