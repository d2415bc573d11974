import type { ComponentChildren, VNode } from "preact";
import { safeLink } from "../lexing/links";
import { otherHost } from "./link-host";

const LONGEST_ADDRESS = 200;

interface LinkProps {
  href: string;
  /** The link's words as plain text. */
  words: string;
  title?: string | null;
  children: ComponentChildren;
}

/** A link to another place, which it names when its words name a different one. An unsafe one is text, address included. */
export function Link({ href, words, title, children }: LinkProps): VNode {
  const url = safeLink(href);
  if (!url) {
    // A fragment of the same text has no address of its own.
    const address = href.startsWith("#") || href === words ? "" : href.slice(0, LONGEST_ADDRESS);
    return (
      <span>
        {children}
        {address && <span class="address"> ({address})</span>}
      </span>
    );
  }
  const host = otherHost(`${words} ${title ?? ""}`, url);
  return (
    <>
      <a href={url.href} title={title || undefined} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
      {host && (
        <bdi class="address" dir="ltr">
          {" "}
          ({host})
        </bdi>
      )}
    </>
  );
}
