/** How the number of colluding members moves while seats change one at a time, the oldest first (WP §6.4.4, design §8). */
export interface Rotation {
  readonly members: number
  /** The chance of each number of traitors in a group at one time. */
  readonly traitors: readonly number[]
  /** The chance that a newcomer is a traitor, by the number of them in the group that it is drawn for. */
  readonly newcomer: readonly number[]
  readonly changesPerDay: number
}
/** The odds that at least so many members collude. */
export interface DayOdds {
  /** Of a group at one time, and so the share of the time too. Exact: rotation keeps every group as likely as a first one. */
  readonly now: number
  /** How many of the groups that a day forms are so, on average. Exact. Neighbours share N−1 members: they come in runs. */
  readonly groupsPerDay: number
  /** How many runs of such groups begin in a day, on average. Exact. */
  readonly runsPerDay: number
  /** The chance that at least one group of a day is so, the one that the day begins with included. */
  readonly anyInDay: number
  /** Whether `anyInDay` follows every pattern of seats (up to 13 members), or takes runs to begin independently: see `anyInDay` below. */
  readonly anyInDayExact: boolean
}
/** Up to so many members all 2^N patterns of seats are followed. */
const PATTERN_MEMBERS_MAX = 13

export function dayOdds(rotation: Rotation, needed: number): DayOdds {
  const { members, traitors, newcomer, changesPerDay } = rotation
  const now = traitors.slice(needed).reduce((sum, chance) => sum + chance, 0)
  // one short, an honest member leaves, a traitor comes. The oldest is as likely honest as any: all orders of a group are alike
  const begins = ((traitors[needed - 1] ?? 0) * (members - needed + 1) * (newcomer[needed - 1] ?? 0)) / members
  const exact = members <= PATTERN_MEMBERS_MAX
  const anyAfter = (changes: number) => (exact ? anyByPatterns(rotation, needed, changes) : anyByRuns(now, begins, changes))
  // a day begins at any time between two changes: it has one more in `part` of all cases
  const whole = Math.floor(changesPerDay)
  const part = changesPerDay - whole
  const anyInDay = (1 - part) * anyAfter(whole) + (part === 0 ? 0 : part * anyAfter(whole + 1))
  return {
    now,
    groupsPerDay: now * changesPerDay,
    runsPerDay: begins * changesPerDay,
    anyInDay: Math.min(1, anyInDay),
    anyInDayExact: exact,
  }
}

/**
 * Takes every change to begin a run with the same chance, whatever came before. For up to 13 members it lies from a twentieth below the exact value
 * to a fifth above it (a test compares them). A Markov chain over the number of traitors alone would be too low, by up to a sixth: with the oldest
 * leaving first, who leaves depends on more than the number.
 */
export function anyByRuns(now: number, begins: number, changes: number): number {
  if (now >= 1) return 1
  return now - (1 - now) * Math.expm1(changes * Math.log1p(-Math.min(1, begins / (1 - now))))
}

/**
 * Exact but for rounding: follows which seats are held by traitors, oldest first, as bits. Only what has not yet been enough is kept, so all sums
 * are of positive numbers. Once the chance of a change to be the first that is enough stands still, the rest of the day follows.
 */
export function anyByPatterns({ members, traitors, newcomer }: Rotation, needed: number, changes: number): number {
  const patterns = 1 << members
  const counts = Uint8Array.from({ length: patterns }, (_, pattern) => bitsIn(pattern))
  const ways = Array.from({ length: members + 1 }, () => 0)
  for (const count of counts) ways[count] = (ways[count] ?? 0) + 1
  let weights = Float64Array.from(counts, (count) => (count < needed ? (traitors[count] ?? 0) / (ways[count] ?? 1) : 0))
  let any = traitors.slice(needed).reduce((sum, chance) => sum + chance, 0)
  let [hazard, still] = [0, 0]
  for (let change = 0; change < changes; change++) {
    const next = new Float64Array(patterns)
    let [kept, found] = [0, 0]
    for (let pattern = 0; pattern < patterns; pattern++) {
      const weight = weights[pattern] ?? 0
      if (weight === 0) continue
      const traitor = newcomer[counts[pattern] ?? 0] ?? 0
      const shifted = (pattern << 1) & (patterns - 1) // the oldest leaves
      next[shifted] = (next[shifted] ?? 0) + weight * (1 - traitor)
      kept += weight * (1 - traitor)
      if ((counts[shifted + 1] ?? 0) >= needed) found += weight * traitor
      else {
        next[shifted + 1] = (next[shifted + 1] ?? 0) + weight * traitor
        kept += weight * traitor
      }
    }
    weights = next
    any += found
    const before = hazard
    hazard = kept + found === 0 ? 0 : found / (kept + found)
    still = Math.abs(hazard - before) <= hazard * 1e-13 ? still + 1 : 0
    if (still > members) return any - kept * Math.expm1((changes - change - 1) * Math.log1p(-hazard))
  }
  return any
}

function bitsIn(pattern: number): number {
  let count = 0
  for (let left = pattern; left !== 0; left >>>= 1) count += left & 1
  return count
}
