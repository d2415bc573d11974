import { Component, type ComponentChildren, type VNode } from "preact";

interface BoundaryProps {
  /** Shown instead when something inside cannot be drawn. It must be so plain that it always succeeds. */
  fallback: () => VNode | null;
  /** The inside is tried again when this value changes. */
  retryWith: unknown;
  children: ComponentChildren;
}

interface BoundaryState {
  failedWith: { value: unknown } | null;
}

/** Shows the words of a text that cannot be drawn, until there is another one. */
export class TextBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { failedWith: null };

  override componentDidCatch(error: unknown): void {
    // biome-ignore lint/suspicious/noConsole: our own error would otherwise go unseen
    console.error("A part of the chat could not be drawn.", error);
    this.setState({ failedWith: { value: this.props.retryWith } });
  }

  override render(): ComponentChildren {
    const { fallback, retryWith, children } = this.props;
    const { failedWith } = this.state;
    return failedWith && Object.is(failedWith.value, retryWith) ? fallback() : children;
  }
}
