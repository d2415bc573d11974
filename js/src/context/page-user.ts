// Whose page this is, where a Jupyter server says so: only its owner may look at a kernel's variables.

let asked: Promise<string | undefined> | undefined;

/** The user's id in the chat; undefined where nobody knows. */
export function pageUser(): Promise<string | undefined> {
  asked ??= askServer();
  return asked;
}

async function askServer(): Promise<string | undefined> {
  try {
    const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
    const { baseUrl, token } = config as { baseUrl?: unknown; token?: unknown };
    if (typeof baseUrl !== "string") return undefined;
    const answer = await fetch(new URL(`${baseUrl}conduit/api/me`, location.href), {
      credentials: "same-origin",
      headers: typeof token === "string" && token ? { Authorization: `token ${token}` } : {},
    });
    const { userId } = (answer.ok ? await answer.json() : {}) as { userId?: unknown };
    return typeof userId === "string" ? userId : undefined;
  } catch {
    // No such server, or none for a moment: it is asked again the next time.
    asked = undefined;
    return undefined;
  }
}
