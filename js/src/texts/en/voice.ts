/** Voice messages. */
export const voice = {
  "voice.recording": "Your microphone is on",
  "voice.asking": "The browser asks whether it may use the microphone.",
  "voice.held": "Let go to send it. Escape forgets it.",
  "voice.open": "Press the microphone to send it. Escape forgets it.",
  "voice.ending": "It ends by itself at {time}, and is sent.",
  "voice.cancel": "Cancel",
  "voice.tooShort": "That was too short. Hold the microphone while you speak.",
  "voice.unplayable": "This browser cannot play it. It can be downloaded.",
  "voice.play": "Play",
  "voice.pause": "Pause",
  "voice.position": "Position",
} as const;
