/** The seeds from 1 to `count`; only SIM_SEED when that is set, which replays one run: `SIM_SEED=41 npm test`. */
export function seeds(count: number, environment: { readonly SIM_SEED?: string | undefined } = process.env): number[] {
  const given = Number(environment.SIM_SEED)
  if (Number.isSafeInteger(given) && given > 0) return [given]
  return Array.from({ length: count }, (_, i) => i + 1)
}
