import { chancesOfMarked, type Fraction, MILLION, numberOf, productOf, sumOf, type Urn, urnAfter } from './chances.js'
import { PeerGroupError } from './errors.js'
import { quorumOf } from './quorum.js'
import { type DayOdds, dayOdds } from './rotation-odds.js'

/** Sizes that an uploader may choose (design §6). */
export const GROUP_SIZE_MIN = 1
export const GROUP_SIZE_MAX = 31
export const GROUP_SIZE_DEFAULT = 5

/** What the odds are computed from. Who is drawn is drawn at random among all peers that are eligible, one seat's worth of tickets each. */
export interface OddsOf {
  /** N, 1 to 31. */
  readonly members: number
  /** Share of all peers that collude, all of them together, in parts per million: c/t of WP §6.2. */
  readonly traitorsPpm: number
  /** t: eligible peers in all, at least N and at most 2^40; null for a network so large that a draw doesn't change the share. */
  readonly peers: number | null
  /** How likely an honest member is silent, or can't be reached within the dissent window, each by itself; in parts per million. */
  readonly silentPpm: number
  /** How long a peer keeps its seat, in ms. Seats change one at a time, every tenure/N. */
  readonly tenureMs: number
}

export interface GroupOdds extends OddsOf {
  /** q: as many must agree. */
  readonly quorum: number
  /** Seats that change in a day; 0 if the group has all the peers there are. */
  readonly changesPerDay: number
  /** q members or more collude: enough for a false result where there is no late dissent, or no jury (it is *unjudged*). */
  readonly quorumColludes: DayOdds
  /** Every one of the N members colludes: nobody is left to dissent. */
  readonly allCollude: DayOdds
  /** q or more collude, and no honest member can be reached in time: what late dissent leaves. Of one group at one time. */
  readonly nobodyDissents: number
  /** 2N+1, or all outsiders if there are fewer; 0 where they are fewer than N, and so no jury. */
  readonly jurors: number
  /** More than half of a drawn jury colludes (all weigh alike): a dispute, whoever began it, ends as they want. 0 without a jury. */
  readonly juryColludes: number
  /** All N members and the jury's majority: a false result stands even if someone outside brings it before a jury later. */
  readonly allAndJuryCollude: number
  /** More than N−q honest members are silent at once: the group waits, though nobody means harm. */
  readonly halts: number
  /** Colluding members and silent ones together are more than N−q: whoever wants to can make the group wait. */
  readonly canBeHalted: number
}

/**
 * The odds for one size of group: exact fractions of integers, rounded once at the end; what is said of a day, see `DayOdds` (WP §6.2, §8.2).
 * @throws {PeerGroupError} ODDS_INVALID
 */
export function groupOdds(of: OddsOf): GroupOdds {
  check(of)
  const { members, silentPpm } = of
  const quorum = quorumOf(members)
  const urn = urnOf(of)
  const traitors = chancesOfMarked(urn, members)
  const silent = (honest: number) => chancesOfMarked({ markedPpm: BigInt(silentPpm) }, honest)
  const jurors = jurorsOf(of)
  const changesPerDay = of.peers === members ? 0 : (DAY_MS * members) / of.tenureMs
  const rotation = { members, traitors: traitors.map(numberOf), newcomer: newcomerOf(urn, members), changesPerDay }
  // how many seats do nothing: silent honest members, or these and the traitors
  const idle = (count: number, most: number) => sumOf(silent(members - count).filter((_, quiet) => quiet + count > most))
  return {
    ...of,
    quorum,
    changesPerDay,
    quorumColludes: dayOdds(rotation, quorum),
    allCollude: dayOdds(rotation, members),
    nobodyDissents: numberOf(
      sumOf(
        traitors.map((chance, count) => (count < quorum ? NEVER : productOf(chance, silent(members - count)[members - count] ?? NEVER))),
      ),
    ),
    jurors,
    juryColludes: numberOf(majorityOf(urn, jurors)),
    allAndJuryCollude: numberOf(productOf(traitors[members] ?? NEVER, majorityOf(urnAfter(urn, members, members), jurors))),
    halts: numberOf(idle(0, members - quorum)),
    canBeHalted: numberOf(sumOf(traitors.map((chance, count) => productOf(chance, idle(count, members - quorum))))),
  }
}

const DAY_MS = 86_400_000
const NEVER: Fraction = { over: 0n, under: 1n }

function urnOf({ peers, traitorsPpm }: OddsOf): Urn {
  return peers === null ? { markedPpm: BigInt(traitorsPpm) } : { marked: BigInt(traitorsOf(peers, traitorsPpm)), all: BigInt(peers) }
}
const traitorsOf = (peers: number, ppm: number): number => Number((BigInt(peers) * BigInt(ppm) + MILLION / 2n) / MILLION)

/** The chance that who takes a seat is a traitor, by how many the group has: nobody of the group is drawn, the one who leaves included. */
function newcomerOf(urn: Urn, members: number): readonly number[] {
  return Array.from({ length: members + 1 }, (_, count) => {
    const left = urnAfter(urn, members, count)
    if (left.all === 0n || (left.all !== undefined && left.marked < 0n)) return 0 // nobody is left, or a group that can't be
    return numberOf(chancesOfMarked(left, 1)[1] ?? NEVER)
  })
}

function jurorsOf({ peers, members }: OddsOf): number {
  const outsiders = peers === null ? Number.POSITIVE_INFINITY : peers - members
  return outsiders < members ? 0 : Math.min(2 * members + 1, outsiders)
}

function majorityOf(urn: Urn, jurors: number): Fraction {
  if (urn.all !== undefined && urn.marked < 0n) return NEVER // fewer traitors than the group would have
  return sumOf(chancesOfMarked(urn, jurors).slice(Math.floor(jurors / 2) + 1))
}

function check({ members, traitorsPpm, peers, silentPpm, tenureMs }: OddsOf): void {
  const whole = (name: string, value: number, min: number, max: number) => {
    if (Number.isInteger(value) && value >= min && value <= max) return
    throw new PeerGroupError({ code: 'ODDS_INVALID', reason: `${name} is a whole number from ${min} to ${max}` })
  }
  whole('members', members, GROUP_SIZE_MIN, GROUP_SIZE_MAX)
  whole('traitorsPpm', traitorsPpm, 0, 1_000_000)
  whole('silentPpm', silentPpm, 0, 1_000_000)
  whole('tenureMs', tenureMs, 1, 366 * DAY_MS)
  if (peers !== null) whole('peers', peers, members, 2 ** 40)
}
