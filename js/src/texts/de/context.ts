import type { Catalogue } from "../texts";

export const context = {
  "context.label": "Geht für das Modell mit",
  "context.total": "{used} von {most} kB, ≈ {tokens} Token",
  "context.reading": "wird gelesen …",
  "context.remove": "@{name} weglassen",
  "context.again": "@{name} neu lesen",
  "context.edit": "Was das Modell von @{name} liest",
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
