import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { MessageImage } from "../../markdown/rendering/message-image";
import { imagesOf } from "../../messages/parts";

/** The images of a message, each loaded when it is asked for. */
export function Images({ message }: { message: ChatMessage }): VNode | null {
  const images = imagesOf(message);
  return images.length > 0 ? (
    <p class="images">
      {images.map((url) => (
        <MessageImage key={url} href={url} alt="" />
      ))}
    </p>
  ) : null;
}
