// Whether a cell runs. The kernel's own status follows its subshells, too: it is idle as soon as one of them has answered.
import type { Host, KernelStatus } from "../host/host";

/** What runs the cells alone answers both; the second is asked when the connection was lost meanwhile. */
const CELLS: ReadonlySet<unknown> = new Set(["execute_request", "kernel_info_request"]);

interface Signal {
  connect(slot: (sender: unknown, value: unknown) => void): void;
  disconnect(slot: (sender: unknown, value: unknown) => void): void;
}

/** What JupyterLab's and Notebook's kernel publishes for everybody, and what this page sends it, as far as the host shows it. */
function signalsOf(manager: unknown): { published: Signal | null; sent: Signal | null } {
  try {
    const { context, kernel } = Object(manager);
    const session = context?.sessionContext;
    const [published, sent] = [
      Object(session ?? kernel).iopubMessage,
      Object(session?.session ?? kernel).anyMessage,
    ];
    const isSignal = (found: Partial<Signal> | undefined): boolean => typeof found?.connect === "function";
    return { published: isSignal(published) ? published : null, sent: isSignal(sent) ? sent : null };
  } catch {
    return { published: null, sent: null }; // disposed meanwhile
  }
}

/** Returns what asks for the kernel's status, `busy` for as long as a cell runs; `changed` is called at each change. */
export function cellStatus(host: Host, lifetime: AbortSignal, changed: () => void): () => KernelStatus {
  /** The cells that have not ended, by the request that runs them. */
  const running = new Set<unknown>();
  const note = (request: unknown, state: unknown): void => {
    const { msg_type, msg_id } = Object(request);
    if (!state || !CELLS.has(msg_type)) return;
    const was = running.size > 0;
    if (state === "busy") running.add(msg_id);
    // A kernel answers in turn: what came before it has ended.
    else if (msg_type === "kernel_info_request") running.clear();
    else running.delete(msg_id);
    if (was !== running.size > 0) changed();
  };
  const heard = (_: unknown, message: unknown): void => {
    const { content, parent_header } = Object(message);
    note(parent_header, content?.execution_state);
  };
  // Until a kernel says that it is busy, it may be so already: what is sent now would wait behind the cell.
  const sends = (_: unknown, value: unknown): void => {
    const { msg, direction } = Object(value);
    if (direction === "send" && msg?.header?.msg_type === "execute_request") note(msg.header, "busy");
  };
  const { published, sent } = signalsOf(host.manager);
  published?.connect(heard);
  // Only what is published says that a cell has ended.
  if (published) sent?.connect(sends);
  lifetime.addEventListener(
    "abort",
    () => {
      published?.disconnect(heard);
      sent?.disconnect(sends);
    },
    { once: true },
  );
  host.onLinkChange(changed, lifetime);
  return () => {
    const status = host.kernelStatus();
    return status === "idle" && running.size > 0 ? "busy" : status;
  };
}
