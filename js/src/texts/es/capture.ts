/** Why a microphone, a camera or a screen could not be opened, and what to do. */
export const capture = {
  "capture.denied.audio":
    "El navegador no deja que esta página use el micrófono. Permítelo en la barra de direcciones e inténtalo de nuevo.",
  "capture.denied.video":
    "El navegador no deja que esta página use la cámara. Permítela en la barra de direcciones e inténtalo de nuevo.",
  "capture.denied.system":
    "El sistema operativo no se lo permite al navegador. Permítelo en los ajustes de privacidad del sistema e inténtalo de nuevo.",
  "capture.denied.host":
    "Aquí una página no puede compartir la pantalla. Abre el cuaderno en una pestaña propia del navegador.",
  "capture.none.audio": "No se encontró ningún micrófono. Conecta uno e inténtalo de nuevo.",
  "capture.none.video": "No se encontró ninguna cámara. Conecta una e inténtalo de nuevo.",
  "capture.busy.audio": "Otro programa usa el micrófono. Ciérralo e inténtalo de nuevo.",
  "capture.busy.video": "Otro programa usa la cámara. Ciérralo e inténtalo de nuevo.",
  "capture.failed": "No se pudo abrir. Inténtalo de nuevo o usa otro dispositivo.",
} as const;
