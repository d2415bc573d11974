/** The panel of figures. */
export const details = {
  "details.latency": "Round trip to the hub",
  "details.latencyValue": "{value} ms",
  "details.tokens": "Tokens",
  "details.tokensValue": "{value} per second",
  "details.messages": "Messages",
  "details.messagesValue": "{value} in the last minute",
  "details.reconnects": "Reconnects since this was opened",
  "details.reconnectsValue": "{value}",
  "details.queue": "Waiting to be sent",
  "details.queueValue": "{value}",
  "details.steady": "steady at {value}",
  "details.between": "lately between {least} and {most}",
} as const;
