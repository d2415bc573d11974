import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { DetailsButton } from "../details/details-button";
import { AttachButton } from "../files/attach-button";
import { VoiceButton } from "../files/voice-button";
import { ContextGauge } from "./context-gauge";
import { ModelButton } from "./model-button";
import { ParametersButton } from "./parameters-button";

/** What goes with the messages: the model, the parameters, and how full its context is; and how it all does. */
export function Tools({ store }: { store: Store }): VNode {
  return (
    <>
      <AttachButton store={store} />
      <VoiceButton store={store} />
      <ModelButton store={store} />
      <ParametersButton store={store} />
      <DetailsButton store={store} />
      <ContextGauge store={store} />
    </>
  );
}
