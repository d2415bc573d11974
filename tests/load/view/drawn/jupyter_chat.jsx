// The message list of jupyterlab-chat with what JupyterLab gives it: its Markdown, its colours of code, MathJax.
import { AbstractChatModel, ChatMessages, ChatReactContext, JlThemeProvider } from "@jupyter/chat";
import { EditorLanguageRegistry } from "@jupyterlab/codemirror";
import { createMarkdownParser } from "@jupyterlab/markedparser-extension";
import { MathJaxTypesetter } from "@jupyterlab/mathjax-extension";
import { RenderMimeRegistry, standardRendererFactories } from "@jupyterlab/rendermime";
import { createRoot } from "react-dom/client";

class Model extends AbstractChatModel {
  sendMessage() {}
}

const languages = new EditorLanguageRegistry();
for (const language of EditorLanguageRegistry.getDefaultLanguages()) languages.addLanguage(language);
const rmRegistry = new RenderMimeRegistry({
  initialFactories: standardRendererFactories,
  markdownParser: createMarkdownParser(languages),
  latexTypesetter: new MathJaxTypesetter(),
});
const model = new Model();
const sender = { username: "model", display_name: "Model", initials: "M" };
model.messageAdded({ type: "msg", id: "a0", time: 1, sender, body: "" });

const view = document.getElementById("view");
view.style.display = "flex";
view.style.flexDirection = "column";
createRoot(view).render(
  <JlThemeProvider themeManager={null}>
    <ChatReactContext.Provider value={{ model, rmRegistry, area: "main" }}>
      <ChatMessages />
    </ChatReactContext.Provider>
  </JlThemeProvider>,
);
globalThis.show = (text) => model.messages[0].update({ body: text });
