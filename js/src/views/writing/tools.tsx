import type { VNode } from "preact";
import type { Store } from "../../store";
import { ContextGauge } from "./context-gauge";
import { ModelButton } from "./model-button";
import { ParametersButton } from "./parameters-button";

/** What goes with the messages: the model, the parameters, and how full its context is. */
export function Tools({ store }: { store: Store }): VNode {
  return (
    <>
      <ModelButton store={store} />
      <ParametersButton store={store} />
      <ContextGauge store={store} />
    </>
  );
}
