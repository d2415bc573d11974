// The modules that JupyterLab and Notebook share with extensions (Module Federation's share scope). Asking for them here
// keeps webpack, and copies of JupyterLab's packages, out of our build.

type Factory<Module> = () => Module;

export type SharedScope = Record<string, Record<string, { get(): Promise<Factory<object>> }> | undefined>;

/** Returns the page's own module of a package, the newest version of it; null where the page has none. */
export async function shared<Module>(scope: SharedScope, name: string): Promise<Module | null> {
  const newest = Object.entries(scope[name] ?? {})
    .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
    .at(-1);
  return newest ? ((await newest[1].get())() as Module) : null;
}
