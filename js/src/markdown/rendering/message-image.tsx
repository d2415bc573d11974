import type { TargetedMouseEvent, VNode } from "preact";
import { useState } from "preact/hooks";
import { text } from "../../texts/texts";
import { imageSource } from "../lexing/links";

const LONGEST_ADDRESS = 120;

/** An image of a message. A remote one is fetched only when somebody asks for this very address. */
export function MessageImage({ href, alt }: { href: string; alt: string }): VNode {
  const [wanted, setWanted] = useState<string | null>(null);
  const source = imageSource(href);
  if (!source) {
    const address = href.length > LONGEST_ADDRESS ? `${href.slice(0, LONGEST_ADDRESS)}…` : href;
    return (
      <span class="image-text">
        {alt || text("image.image")} <span class="address">({address})</span>
      </span>
    );
  }
  if (source.kind === "inline" || wanted === source.src) {
    return <img src={source.src} alt={alt} loading="lazy" referrerpolicy="no-referrer" />;
  }
  const load = (event: TargetedMouseEvent<HTMLButtonElement>): void => {
    // The image may be inside a link; the click was meant for the image.
    event.preventDefault();
    setWanted(source.src);
  };
  return (
    <button type="button" class="plain" onClick={load}>
      {alt
        ? text("image.loadNamed", { name: alt, host: source.from })
        : text("image.load", { host: source.from })}
    </button>
  );
}
