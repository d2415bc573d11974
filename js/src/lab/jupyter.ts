// What this extension uses of JupyterLab 4 and Notebook 7, as far as it uses it.
import type { ServerSettings } from "../jupyter-server/server";

export interface Signal<Sender = unknown, Value = unknown> {
  connect(slot: (sender: Sender, value: Value) => void): void;
  disconnect(slot: (sender: Sender, value: Value) => void): void;
}

/** A widget of Lumino: a node that a shell shows. */
export interface LuminoWidget {
  readonly node: HTMLElement;
  id: string;
  readonly title: {
    label: string;
    caption: string;
    className: string;
    icon: unknown;
  };
  readonly isVisible: boolean;
  readonly disposed: Signal;
  addClass(name: string): void;
  /** Called after it came into sight, after it went out of it, and when it is asked to take the focus. */
  onAfterShow(message: unknown): void;
  onAfterHide(message: unknown): void;
  onActivateRequest(message: unknown): void;
}

export interface Sanitizer {
  sanitize(dirty: string): string;
}

export interface RenderMimeRegistry {
  addFactory(
    factory: {
      safe: boolean;
      mimeTypes: readonly string[];
      createRenderer(options: { sanitizer: Sanitizer }): LuminoWidget;
    },
    rank: number,
  ): void;
}

export interface WidgetModule {
  Widget: new (options?: { node?: HTMLElement }) => LuminoWidget;
}

export interface LabIcon {
  readonly svgstr: string;
}

export interface IconModule {
  LabIcon: new (options: { name: string; svgstr: string }) => LabIcon;
}

export interface CommandOptions {
  label: string | ((args: CommandArguments) => string);
  caption?: string;
  icon?: (args: CommandArguments) => LabIcon | undefined;
  isEnabled?: () => boolean;
  isToggled?: () => boolean;
  execute(args: CommandArguments): unknown;
}

export type CommandArguments = Readonly<Record<string, unknown>>;

export interface Commands {
  /** The keys of each command, as they are set. */
  readonly keyBindings?: readonly { readonly command: string; readonly keys: readonly string[] }[];
  addCommand(id: string, options: CommandOptions): unknown;
  execute(id: string, args?: Record<string, unknown>): Promise<unknown>;
  hasCommand(id: string): boolean;
  notifyCommandChanged(id?: string): void;
}

export interface Shell {
  readonly currentWidget: LuminoWidget | null;
  add(widget: LuminoWidget, area: string, options?: { rank?: number }): void;
  activateById(id: string): void;
}

export interface Application {
  readonly commands: Commands;
  readonly shell: Shell;
  readonly restored: Promise<unknown>;
  readonly serviceManager: { readonly serverSettings: ServerSettings };
}

export interface CommandPalette {
  addItem(item: { command: string; category: string; args?: Record<string, unknown> }): unknown;
}

export interface Launcher {
  add(item: { command: string; category?: string; rank?: number; args?: Record<string, unknown> }): unknown;
}

export interface LayoutRestorer {
  add(widget: LuminoWidget, name: string): void;
}

export interface StatusBar {
  registerStatusItem(
    id: string,
    options: { item: LuminoWidget; align: "left" | "middle" | "right"; rank?: number },
  ): unknown;
}

export interface PluginSettings {
  readonly composite: Readonly<Record<string, unknown>>;
  readonly changed: Signal;
  set(name: string, value: unknown): Promise<void>;
}

export interface SettingRegistry {
  load(plugin: string): Promise<PluginSettings>;
}

export interface Translator {
  readonly languageCode: string;
}

/** A plugin as both applications take it; tokens are whatever their packages export. */
export interface Plugin {
  id: string;
  description: string;
  autoStart: true;
  optional: readonly object[];
  activate(app: Application, ...services: readonly unknown[]): void;
}
