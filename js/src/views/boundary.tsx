import { Component, type ComponentChildren } from "preact";
import type { Clock } from "../clock";

/** A part that failed is drawn again after this time: what it could not draw may have changed. */
const RETRY_MS = 5_000;

interface BoundaryProps {
  clock: Clock;
  children: ComponentChildren;
  /** Shown in place of the part that failed. */
  fallback?: ComponentChildren;
}

/** Keeps a failure in one part of the view from taking the others with it. */
export class Boundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false };
  #cancel = (): void => {};

  static override getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(error: unknown): void {
    // biome-ignore lint/suspicious/noConsole: whoever mends it needs the stack
    console.error("A part of the chat could not be drawn.", error);
    this.#cancel();
    this.#cancel = this.props.clock.after(RETRY_MS, () => this.setState({ failed: false }));
  }

  override componentWillUnmount(): void {
    this.#cancel();
  }

  override render(): ComponentChildren {
    return this.state.failed ? (this.props.fallback ?? null) : this.props.children;
  }
}
