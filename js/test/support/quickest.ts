/** The smallest of so many measurements: what the code takes, where one of them met a busy moment. */
export function quickestOf(times: number, measure: () => number): number {
  return Math.min(...Array.from({ length: times }, measure));
}
