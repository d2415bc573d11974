// Entry: what JupyterLab and Notebook load with the page. A Module Federation container by hand: webpack and copies of
// JupyterLab's packages would cost a hundred times as much. Whatever throws here takes the page down: nothing may.
import { chatPlugin } from "./plugin";
import type { SharedScope } from "./shared-scope";

const NAME = "conduit_widget";
const HERE = (document.currentScript as HTMLScriptElement | null)?.src ?? location.href;

let scope: SharedScope = {};

const MODULES: Record<string, () => Promise<unknown>> = {
  "./extension": () => chatPlugin(scope, HERE),
};

const container = {
  init(given: SharedScope): void {
    scope = given;
  },
  async get(name: string): Promise<() => object> {
    const plugins: unknown[] = [];
    try {
      plugins.push(await MODULES[name]?.());
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: nothing else is there to say it with
      console.warn(`${NAME}: the chat's extension is not loaded: ${error}`);
    }
    return () => ({ __esModule: true, default: plugins });
  },
};

const page = globalThis as { _JUPYTERLAB?: Record<string, object> };
page._JUPYTERLAB ??= {};
page._JUPYTERLAB[NAME] = container;
