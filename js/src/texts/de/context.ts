import type { Catalogue } from "../texts";

export const context = {
  "context.label": "Geht für das Modell mit",
  "context.total": "{used} von {most} kB, ≈ {tokens} Token",
  "context.reading": "wird gelesen …",
  "context.remove": "@{name} weglassen",
  "context.again": "@{name} neu lesen",
  "context.edit": "Was das Modell von @{name} liest",
  "context.over": "Höchstens {most} gehen mit. Weggelassen: {names}.",
  "context.unknown": "Nichts hier heißt {names}: Es geht als bloßer Text mit.",
  "context.noKernel":
    "Dieser Chat sieht keine Variablen: {names} geht als bloßer Text mit. Der Chat in einer Zelle nimmt sie mit.",
  "context.cut": "gekürzt",
  "context.masked": "Geheimnisse verdeckt",
  "context.unnamed": "Kontext",
  "context.maskedPrivateKey": "privater Schlüssel",
  "context.maskedApiKey": "API-Schlüssel",
  "context.maskedToken": "Token",
  "context.maskedAddress": "Passwort in einer Adresse",
  "context.maskedNamed": "Geheimnis unter seinem Namen",
  "context.maskedVariable": "Wert einer Umgebungsvariablen",
  "context.maskedEnv": "Werte aus .env",
} as const satisfies Catalogue;
