/** Mensajes de voz. */
export const voice = {
  "voice.record": "Grabar un mensaje de voz",
  "voice.hint": "Mantén pulsado para grabar un mensaje de voz",
  "voice.recording": "Tu micrófono está encendido",
  "voice.asking": "El navegador pregunta si puede usar el micrófono.",
  "voice.held": "Suelta para enviarlo. Escape lo descarta.",
  "voice.open": "Pulsa el micrófono para enviarlo. Escape lo descarta.",
  "voice.ending": "Termina solo a los {time} y se envía.",
  "voice.cancel": "Cancelar",
  "voice.tooShort": "Ha sido demasiado corto. Mantén pulsado el micrófono mientras hablas.",
  "voice.unplayable": "Este navegador no puede reproducirlo. Se puede descargar.",
  "voice.play": "Reproducir",
  "voice.pause": "Pausar",
  "voice.position": "Posición",
} as const;
