/** Words that several parts use. */
export const words = {
  "metrics.firstToken": "TTFT {seconds} s",
  "metrics.rate": "{rate} tok/s",
  "metrics.tokens": { one: "{count} token", other: "{count} tokens" },
  "time.seconds": "{seconds} s",
  "time.minutes": "{minutes} min",
  "time.minutesSeconds": "{minutes} min {seconds} s",
  "time.hours": "{hours} h",
  "time.hoursMinutes": "{hours} h {minutes} min",
  "provider.healthy": "ready",
  "provider.degraded": "slow or failing",
  "provider.rateLimited": "rate limited",
  "provider.down": "not reachable",
  "provider.unknown": "not checked yet",
  "provider.disabled": "off",
} as const;
