import type { Infer } from '@interpeer/wire-codec'
import { struct } from '@interpeer/wire-codec'
import type { MemberOutcome } from './batch.js'
import { RANGES_MAX, tallySchema } from './messages.js'

/** Steps from `first` to `last`, both included. */
export interface Range {
  readonly first: number
  readonly last: number
}
const schema = struct(tallySchema)
/**
 * What one member knows of all members' outcomes: for the `known` steps, who was absent or contradicted; in all others of them, a member agreed.
 * Bounded: where a list would grow too long its shortest range is dropped, in favour of the member.
 */
export type Tally = Infer<typeof schema>
export const tallyRecord = schema

export function emptyTally(memberCount: number): Tally {
  return { known: [], members: Array.from({ length: memberCount }, () => ({ absent: [], late: [], contradicted: [] })) }
}

/** Enters a final step: whose answers matched, whose differed; the rest were absent so far. */
export function tallyStep(tally: Tally, step: number, agreed: ReadonlySet<number>, contradicted: ReadonlySet<number>): Tally {
  return {
    known: withStep(tally.known, step),
    members: tally.members.map((one, seat) => {
      if (contradicted.has(seat)) return contradictedIn(one, step)
      return agreed.has(seat) ? one : { ...one, absent: withStep(one.absent, step) }
    }),
  }
}

/** Enters a reveal that came after the certificate. */
export function tallyLate(tally: Tally, step: number, seat: number, agreed: boolean): Tally {
  if (!holds(tally.known, step)) return tally
  const members = tally.members.map((one, i) => {
    if (i !== seat) return one
    if (!holds(one.absent, step) && !holds(one.late, step)) return agreed ? one : contradictedIn(one, step)
    const present = { ...one, absent: withoutStep(one.absent, step), late: withoutStep(one.late, step) }
    return agreed ? present : contradictedIn(present, step)
  })
  return { ...tally, members }
}

/** Enters a member's own word that its run of a step had not ended: late, which is better than absent. */
export function tallySaidLate(tally: Tally, step: number, seat: number): Tally {
  if (!holds(tally.known, step)) return tally
  const members = tally.members.map((one, i) => {
    if (i !== seat || !holds(one.absent, step)) return one
    return { ...one, absent: withoutStep(one.absent, step), late: inserted(one.late, step) }
  })
  return { ...tally, members }
}

/**
 * The receipt's outcomes over steps 1 to `steps`, from q members' tallies (design §6, Receipts): a step counts as absent or contradicted for a member only if
 * more than half of the tallies that know the step say so. It is a function of the tallies shown, so members with different partial
 * knowledge check it alike and nobody waits for anybody; with q tallies the honest ones are more than half.
 */
export function outcomesOf(tallies: readonly Tally[], steps: number, memberCount: number, isJudged: boolean): MemberOutcome[] {
  const all = (): Uint8Array => new Uint8Array(steps + 1).fill(1)
  const knowns = tallies.map(({ known }) => mark(new Uint8Array(steps + 1), known, all()))
  const knowing = new Uint8Array(steps + 1)
  for (const known of knowns) for (let step = 1; step <= steps; step++) knowing[step] = (knowing[step] as number) + (known[step] as number)
  return Array.from({ length: memberCount }, (_, seat) => {
    const [absent, late, contradicted] = [new Uint8Array(steps + 1), new Uint8Array(steps + 1), new Uint8Array(steps + 1)]
    tallies.forEach(({ members }, i) => {
      const one = members[seat]
      if (one === undefined) return
      mark(absent, one.absent, knowns[i] as Uint8Array)
      mark(late, one.late, knowns[i] as Uint8Array)
      mark(
        contradicted,
        one.contradicted.map((step) => ({ first: step, last: step })),
        knowns[i] as Uint8Array,
      )
    })
    const counts = { agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
    for (let step = 1; step <= steps; step++) {
      const half = (knowing[step] as number) / 2
      // some heard that it was late, and others only that it said nothing: away either way
      const away = (absent[step] as number) + (late[step] as number)
      if ((contradicted[step] as number) > half) counts[isJudged ? 'contradicted' : 'unresolved']++
      else if (away > half) counts[2 * (late[step] as number) > away ? 'late' : 'absent']++
      else counts.agreed++
    }
    return counts
  })
}

/** Counts the steps of `ranges` that are set in `where`. */
function mark(counts: Uint8Array, ranges: readonly Range[], where: Uint8Array): Uint8Array {
  for (const { first, last } of ranges) {
    for (let step = Math.max(first, 1); step <= last && step < counts.length; step++) {
      counts[step] = (counts[step] as number) + (where[step] as number)
    }
  }
  return counts
}

/** Whether ranges are ordered, apart, and within 1 to `steps`: counted twice, one member's tally would weigh as two. */
export function isTally(tally: Tally, steps: number, memberCount: number): boolean {
  const ordered = (ranges: readonly Range[]) =>
    ranges.every(({ first, last }, i) => first > (ranges[i - 1]?.last ?? 0) && first <= last && last <= steps)
  return (
    tally.members.length === memberCount &&
    ordered(tally.known) &&
    tally.members.every(({ absent, late, contradicted }) => {
      const single = contradicted.map((step) => ({ first: step, last: step }))
      return ordered(absent) && ordered(late) && ordered(single) && !absent.some((one) => late.some((other) => overlap(one, other)))
    })
  )
}

const overlap = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last
const holds = (ranges: readonly Range[], step: number): boolean => ranges.some(({ first, last }) => first <= step && step <= last)

function contradictedIn(one: Tally['members'][number], step: number): Tally['members'][number] {
  if (one.contradicted.includes(step) || one.contradicted.length >= RANGES_MAX) return one
  return { ...one, contradicted: [...one.contradicted, step].sort((a, b) => a - b) }
}

/** Steps are entered in growing order, but a step may be entered twice. */
function withStep(ranges: readonly Range[], step: number): readonly Range[] {
  if (holds(ranges, step)) return ranges
  const last = ranges.at(-1)
  if (last !== undefined && last.last > step) return ranges
  const joined =
    last?.last === step - 1 ? [...ranges.slice(0, -1), { first: last.first, last: step }] : [...ranges, { first: step, last: step }]
  return bounded(joined)
}

/** Enters a step anywhere: members say that they were late in any order. */
function inserted(ranges: readonly Range[], step: number): readonly Range[] {
  if (holds(ranges, step)) return ranges
  const joined: Range[] = []
  for (const range of [...ranges, { first: step, last: step }].sort((a, b) => a.first - b.first)) {
    const before = joined.at(-1)
    if (before !== undefined && before.last + 1 === range.first) joined[joined.length - 1] = { first: before.first, last: range.last }
    else joined.push(range)
  }
  return bounded(joined)
}

function withoutStep(ranges: readonly Range[], step: number): readonly Range[] {
  return bounded(
    ranges.flatMap(({ first, last }) =>
      first <= step && step <= last
        ? [
            { first, last: step - 1 },
            { first: step + 1, last },
          ].filter((part) => part.first <= part.last)
        : [{ first, last }],
    ),
  )
}

function bounded(ranges: readonly Range[]): readonly Range[] {
  if (ranges.length <= RANGES_MAX) return ranges
  const shortest = ranges.reduce((least, one) => (one.last - one.first < least.last - least.first ? one : least))
  return ranges.filter((one) => one !== shortest)
}
