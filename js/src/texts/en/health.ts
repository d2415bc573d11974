/** What the views of the connection and of the providers say in a cell of their own. Each is its own key, as in `connection.ts`. */
export const health = [
  "Connection to the hub",
  "Hub",
  "Transport",
  "Round trip",
  "95 % within",
  "First paint",
  "Reconnects",
  "Unsent",
  "Providers",
  "Nothing is known of the providers.",
  "Asking the hub for its providers…",
  "steady at {value} s",
  "lately between {least} and {most} s",
] as const;
