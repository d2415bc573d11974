import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { CallSession } from "../../calls/session";
import { text } from "../../texts/texts";

/** Where this page may not use a microphone: the way to a page of the hub's own, which may. */
export function Elsewhere({ session }: { session: CallSession }): VNode {
  const link = useSignal<string | null>(null);
  const seconds = useSignal(0);
  const problem = useSignal<string | null>(null);
  const { page } = session;
  const open = async (): Promise<void> => {
    problem.value = null;
    try {
      const { url, expiresIn } = await (page as NonNullable<typeof page>)();
      seconds.value = Math.round(expiresIn);
      link.value = url;
      visit(url);
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  // A link that is good no more is taken away.
  useEffect(() => {
    if (link.value === null) return undefined;
    const timer = setTimeout(() => {
      link.value = null;
    }, seconds.value * 1000);
    return () => clearTimeout(timer);
  }, [link.value]);
  return (
    <div class="call-note elsewhere">
      <p>{text("call.forbidden")}</p>
      {!globalThis.isSecureContext && <p>{text("call.insecure")}</p>}
      {page && (
        <button type="button" class="join" onClick={() => void open()}>
          {text("call.openPage")}
        </button>
      )}
      {link.value && (
        <p role="status">
          <a
            href={link.value}
            target="_blank"
            rel="noopener noreferrer"
            onClick={() => {
              link.value = null;
            }}
          >
            {text("call.pageLink", { seconds: seconds.value })}
          </a>
        </p>
      )}
      {problem.value && (
        <p role="alert" class="wrong">
          {problem.value}
        </p>
      )}
    </div>
  );
}

/** Opens a tab as a click on a link does: some hosts hand links to a browser, and know no other way to one. */
function visit(url: string): void {
  const link = document.createElement("a");
  Object.assign(link, { href: url, target: "_blank", rel: "noopener noreferrer" });
  document.body.append(link);
  link.click();
  link.remove();
}
