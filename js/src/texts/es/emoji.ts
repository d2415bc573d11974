import type { Catalogue } from "../texts";

export const emoji = {
  "emoji.label": "Emoji",
  "emoji.search": "Buscar emoji",
  "emoji.recent": "Recientes",
  "emoji.smileys": "Caritas",
  "emoji.people": "Personas",
  "emoji.nature": "Animales y naturaleza",
  "emoji.food": "Comida y bebida",
  "emoji.travel": "Viajes y lugares",
  "emoji.activities": "Actividades",
  "emoji.objects": "Objetos",
  "emoji.symbols": "Símbolos",
  "emoji.flags": "Banderas",
  "emoji.none": "Ningún emoji se llama así.",
} as const satisfies Catalogue;
