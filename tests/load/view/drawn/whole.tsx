// Our own Markdown without what makes it cheap: the whole text is read again for every picture, and what changed is drawn.
import { render } from "preact";
import { Markdown } from "../../../../js/src/markdown/markdown";

const view = document.getElementById("view") as HTMLElement;
Object.assign(globalThis, { show: (text: string) => render(<Markdown text={text} />, view) });
