import { Component, type ComponentChildren, type FunctionComponent, h } from "preact";

/** Renders again only when a prop changed (compared by identity), or a signal it reads. */
export function memo<P extends object>(View: (props: P) => ComponentChildren): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      const keys = Object.keys(after);
      return keys.length !== Object.keys(before).length || keys.some((key) => after[key] !== before[key]);
    }
    override render(): ComponentChildren {
      return h(View as FunctionComponent<P>, this.props as P);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
