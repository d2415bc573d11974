import { decodeEntities } from "./entities";
import type { BlockToken, Tokens } from "./lexer";

/** Returns the text of tokens without their marks. */
export function plainText(tokens: readonly BlockToken[] | undefined): string {
  return (tokens ?? []).map(textOfToken).join("");
}

function textOfToken(token: BlockToken): string {
  if (token.type === "br") return " ";
  if (token.type === "image") return decodeEntities((token as Tokens.Image).text);
  if ("tokens" in token && token.tokens) return plainText(token.tokens);
  return "text" in token ? decodeEntities(String(token.text)) : token.raw;
}
