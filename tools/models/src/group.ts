/** N members, of which f are traitors: keys that sign whatever helps them, at once, and keep no state. Honest members are 0..H-1. */
export interface Group {
  readonly members: number
  readonly traitors: number
  readonly honest: number
  /** floor(2N/3)+1 */
  readonly quorum: number
  /** How many honest ones a quorum has at least: what the traitors can't do themselves. */
  readonly quorumHonest: number
}

export function groupOf(members: number, traitors: number): Group {
  const quorum = Math.floor((2 * members) / 3) + 1
  return { members, traitors, honest: members - traitors, quorum, quorumHonest: Math.max(0, quorum - traitors) }
}

export const honestOf = (group: Group): readonly number[] => Array.from({ length: group.honest }, (_, member) => member)

export const count = <T>(list: readonly T[], holds: (one: T) => boolean) => list.reduce((sum, one) => sum + (holds(one) ? 1 : 0), 0)

/** The list with one entry replaced. */
export const withAt = <T>(list: readonly T[], at: number, one: T): T[] => list.map((old, index) => (index === at ? one : old))

/** All ways to choose so many of the list. */
export function* subsets(list: readonly number[], length: number): Generator<readonly number[]> {
  if (length === 0) yield []
  else if (length <= list.length) {
    const [first, ...rest] = list as [number, ...number[]]
    for (const others of subsets(rest, length - 1)) yield [first, ...others]
    yield* subsets(rest, length)
  }
}
