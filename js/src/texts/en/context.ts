/** Texts of what goes to the model with a message. */
export const context = {
  "context.label": "Goes along for the model",
  "context.total": "{used} of {most} kB, ≈ {tokens} tokens",
  "context.reading": "reading…",
  "context.remove": "Leave out @{name}",
  "context.again": "Read @{name} again",
  "context.edit": "What the model reads of @{name}",
  "context.over": "At most {most} go along. Left out: {names}.",
  "context.unknown": "Nothing here is called {names}: it goes as plain words.",
  "context.noKernel":
    "This chat sees no variables: {names} goes as plain words. The chat in a cell takes them along.",
  "context.cut": "cut",
  "context.masked": "secrets masked",
  "context.unnamed": "context",
  "context.maskedPrivateKey": "private key",
  "context.maskedApiKey": "API key",
  "context.maskedToken": "token",
  "context.maskedAddress": "password in an address",
  "context.maskedNamed": "secret under its name",
  "context.maskedVariable": "value of an environment variable",
  "context.maskedEnv": "values of .env",
} as const;
