import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { imageSource } from "./links";

/** An image of a message. A remote one is fetched only when somebody asks for it. */
export function MessageImage({ href, alt }: { href: string; alt: string }): VNode {
  const [wanted, setWanted] = useState(false);
  const source = imageSource(href);
  if (!source) return <span class="image-text">{alt || "image"}</span>;
  if (source.kind === "inline" || wanted) {
    return <img src={source.src} alt={alt} loading="lazy" referrerpolicy="no-referrer" />;
  }
  return (
    <button type="button" class="plain" onClick={() => setWanted(true)}>
      Load image{alt ? ` “${alt}”` : ""} from {source.from}
    </button>
  );
}
