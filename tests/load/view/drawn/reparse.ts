// What most chats do: the whole text is read, coloured and set again for every picture, and put into the page as HTML.
import hljs from "highlight.js/lib/core";
import python from "highlight.js/lib/languages/python";
import { Marked, type Tokens } from "marked";
import temml from "temml";
import { formulas } from "../../../../js/src/markdown/lexing/formulas";

hljs.registerLanguage("python", python);

function set({ text, type }: Tokens.Generic): string {
  const width = /^(?:\$\$|\\[([])/.test(text) ? 2 : 1;
  const displayMode = type === "formulaBlock";
  return temml.renderToString(text.slice(width, -width), { displayMode, throwOnError: false });
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  extensions: formulas.map((formula) => ({ ...formula, renderer: set })),
  renderer: {
    code: ({ text, lang }) => {
      const coloured = lang === "python" ? hljs.highlight(text, { language: lang }).value : text;
      return `<pre><code>${coloured}</code></pre>`;
    },
  },
});
const view = document.getElementById("view") as HTMLElement;
Object.assign(globalThis, {
  show: (text: string) => {
    view.innerHTML = marked.parse(text, { async: false });
  },
});
