import type { AccountId, PeerId } from '@interpeer/crypto-ids'
import { FRESH_RATING, type Rating, rated, ratingPerMille, withoutOldest } from './rating.js'
import type { Settings } from './settings.js'

/**
 * Where a peer stands (§6.5.1, §6.6). `joining`: it owes the joining cost. `joined`: it may be drawn, once it is mature. `left`, `rotated`
 * (its heir took its place) and `terminated` (by evidence) are the end of a key.
 */
export type Standing = 'joining' | 'joined' | 'left' | 'rotated' | 'terminated'

/** One peer in the `peers` data set (§6.5.1, §6.6). Heights are the chain's; counts are of epochs or, where it is said, of steps. */
export interface PeerEntry {
  readonly peer: PeerId
  readonly standing: Standing
  /** When it registered, or last paid the joining cost. 0: of the genesis, mature from the start. */
  readonly joinedHeight: number
  /** Its last outcome, vote or sign of presence; behind by at most an eighth of `activeCycles`, so that votes rarely change an entry. */
  readonly activeHeight: number
  /** The height since when it is taken to be gone: it gets no seat until it says that it is present. Null: it is here. */
  readonly awaySinceHeight: number | null
  /** Orders of its own that blocks took: the next one carries this number, so none counts twice. */
  readonly orders: number
  /** When it last stated terms; 0: it never did. They cost nothing, so once an interval is enough. */
  readonly termsHeight: number
  /** SHA-256 of the key that may take its place; null: none may. */
  readonly recovery: Uint8Array | null
  /** Of a rotated key: the one that took its place. */
  readonly heir: PeerId | null
  /** The keys before it, oldest first: what they still hold, and what they did, is its own. At most `KEYS_BEFORE_MAX`. */
  readonly former: readonly PeerId[]
  /** Seats that it takes at once. */
  readonly slots: number
  /** Accounts of jobs, and of uploaders, that it said it won't host: at most 8. */
  readonly declines: readonly AccountId[]
  /** Seats that it has, or is named for, under former keys too. */
  readonly seats: number
  /** All that did not expire: those of this interval and of the one before. */
  readonly tickets: number
  /** Those of them that came in this interval. */
  readonly ticketsNew: number
  /** Where its current interval began. */
  readonly intervalHeight: number
  /** Epochs finished with at least one agreed outcome: ever, in this interval, in the one before. */
  readonly jobsDone: number
  readonly jobsInterval: number
  readonly jobsIntervalBefore: number
  /** Steps, by outcome, ever. */
  readonly agreed: number
  readonly late: number
  readonly absent: number
  readonly contradicted: number
  readonly unresolved: number
  /** Whether it was there (§6.6: against choosing jobs by dropping the connection). */
  readonly connection: Rating
  /** Whether its results were right (§6.6: against collusion and job poisoning). */
  readonly agreement: Rating
}
export type Registry = ReadonlyMap<PeerId, PeerEntry>
/** The settings that the registry goes by. */
export type RegistryRules = Pick<
  Settings,
  'matureCycles' | 'activeCycles' | 'intervalCycles' | 'ticketsUnpaid' | 'ticketsMax' | 'slotsMax' | 'ratingMinPerMille'
>
/** What one peer did in one epoch of one job: numbers of steps. */
export interface Outcome {
  readonly peer: PeerId
  readonly agreed: number
  readonly late: number
  readonly absent: number
  readonly contradicted: number
  readonly unresolved: number
}

/** Most accounts that a peer declines. */
export const DECLINES_MAX = 8
/** Most rotations of one peer, ever: each leaves an entry that stays, and must be followed to the key that answers for it. */
export const KEYS_BEFORE_MAX = 32

/** A peer as it begins, and begins again after it fell below the threshold: with the tickets that unpaid work brings. */
export function freshPeer(peer: PeerId, joinedHeight: number, rules: RegistryRules): PeerEntry {
  const outcomes = { agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
  const interval = { intervalHeight: joinedHeight, ticketsNew: 0, jobsDone: 0, jobsInterval: 0, jobsIntervalBefore: 0 }
  const terms = { slots: rules.slotsMax, declines: [], seats: 0, tickets: rules.ticketsUnpaid }
  const keys = { orders: 0, termsHeight: 0, recovery: null, heir: null, former: [] }
  const ratings = { connection: FRESH_RATING, agreement: FRESH_RATING }
  const here = { standing: 'joined' as const, joinedHeight, activeHeight: joinedHeight, awaySinceHeight: null }
  return { peer, ...here, ...keys, ...terms, ...interval, ...outcomes, ...ratings }
}

/** The peers of a genesis: mature, and with tickets. */
export const registryOf = (peers: readonly PeerId[], rules: RegistryRules): Registry =>
  new Map(peers.map((peer) => [peer, freshPeer(peer, 0, rules)]))

/** The entry that answers for a key now: of a rotated key, its heir's. */
export function standingFor(registry: Registry, peer: PeerId): PeerEntry | undefined {
  let entry = registry.get(peer)
  for (let hops = 0; hops < KEYS_BEFORE_MAX && entry !== undefined && entry.heir !== null; hops++) entry = registry.get(entry.heir)
  return entry
}

/** Whether so many cycles passed since it joined that it votes and has seats; at once for peers of the genesis. */
export const isMature = ({ joinedHeight }: PeerEntry, height: number, { matureCycles }: Pick<Settings, 'matureCycles'>): boolean =>
  joinedHeight === 0 || height - joinedHeight >= matureCycles

/** Whether it may be drawn for one more seat: it has joined, is mature and here, and has slots and tickets left (§6.4.3). */
export const mayBeDrawn = (entry: PeerEntry, height: number, rules: Pick<Settings, 'matureCycles'>): boolean =>
  entry.standing === 'joined' &&
  entry.awaySinceHeight === null &&
  isMature(entry, height, rules) &&
  entry.seats < Math.min(entry.slots, entry.tickets)

/** What an epoch's outcome changes of its member's entry. */
function withOutcome(entry: PeerEntry, outcome: Outcome, height: number, { ticketsMax }: RegistryRules): PeerEntry {
  const { agreed, late, absent, contradicted, unresolved } = outcome
  const took = agreed + late + contradicted + unresolved
  if (took + absent === 0) return entry
  const isDone = agreed > 0
  const said = reviewOf(outcome)
  const gains = isDone && entry.standing === 'joined' && entry.ticketsNew < ticketsMax ? 1 : 0
  const counted: PeerEntry = {
    ...entry,
    activeHeight: took > 0 ? Math.max(entry.activeHeight, height) : entry.activeHeight,
    jobsDone: entry.jobsDone + (isDone ? 1 : 0),
    jobsInterval: entry.jobsInterval + (isDone ? 1 : 0),
    tickets: entry.tickets + gains,
    ticketsNew: entry.ticketsNew + gains,
    agreed: entry.agreed + agreed,
    late: entry.late + late,
    absent: entry.absent + absent,
    contradicted: entry.contradicted + contradicted,
    unresolved: entry.unresolved + unresolved,
    connection: reviewed(entry.connection, said.connection),
    agreement: reviewed(entry.agreement, said.agreement),
  }
  return took > 0 ? counted : noShow(counted, height)
}
const reviewed = (rating: Rating, said: 'none' | 'good' | 'bad'): Rating => (said === 'none' ? rating : rated(rating, said === 'good'))
/** What the others of its group say of a member by an epoch's outcome: whether it was there, and whether it was right. */
export function reviewOf({ agreed, late, absent, contradicted, unresolved }: Outcome): {
  readonly connection: 'none' | 'good' | 'bad'
  readonly agreement: 'none' | 'good' | 'bad'
} {
  const took = agreed + late + contradicted + unresolved
  if (took + absent === 0) return { connection: 'none', agreement: 'none' }
  return { connection: absent <= took ? 'good' : 'bad', agreement: contradicted > 0 ? 'bad' : agreed > 0 ? 'good' : 'none' }
}
/** It had a seat and did nothing there: it is away, and loses a ticket (§6.4.3). */
function noShow(entry: PeerEntry, height: number): PeerEntry {
  const tickets = Math.max(0, entry.tickets - 1)
  return {
    ...entry,
    tickets,
    ticketsNew: Math.min(entry.ticketsNew, tickets),
    awaySinceHeight: entry.awaySinceHeight ?? height,
  }
}
/** Below the threshold of either rating there are no seats until the joining cost is paid again (§6.6). */
function judged(entry: PeerEntry, { ratingMinPerMille }: RegistryRules): PeerEntry {
  const rating = Math.min(ratingPerMille(entry.connection), ratingPerMille(entry.agreement))
  return entry.standing === 'joined' && rating < ratingMinPerMille ? { ...entry, standing: 'joining', tickets: 0, ticketsNew: 0 } : entry
}

/** Counts an epoch's outcomes: those of a rotated key are its heir's. Who did nothing at all is away from this height on. */
export function withOutcomes(registry: Registry, outcomes: readonly Outcome[], height: number, rules: RegistryRules): Registry {
  const next = new Map(registry)
  for (const outcome of outcomes) {
    const entry = standingFor(next, outcome.peer)
    if (entry !== undefined) next.set(entry.peer, judged(withOutcome(entry, outcome, height, rules), rules))
  }
  return next
}
/** Seats that ended without an outcome, because their peers did not even show what they hold: each counts as a no-show (§6.6). */
export function withNoShows(registry: Registry, peers: readonly PeerId[], height: number, rules: RegistryRules): Registry {
  if (peers.length === 0) return registry
  const next = new Map(registry)
  for (const peer of peers) {
    const entry = standingFor(next, peer)
    if (entry !== undefined) {
      next.set(entry.peer, judged(noShow({ ...entry, connection: rated(entry.connection, false) }, height), rules))
    }
  }
  return next
}
/** What a jury found to be false or withheld counts as a result that was wrong. */
export function withMarks(registry: Registry, peers: readonly PeerId[], rules: RegistryRules): Registry {
  if (peers.length === 0) return registry
  const next = new Map(registry)
  for (const peer of peers) {
    const entry = standingFor(next, peer)
    if (entry !== undefined) next.set(entry.peer, judged({ ...entry, agreement: rated(entry.agreement, false) }, rules))
  }
  return next
}

/** It says that it is here again. */
export function withPresence(registry: Registry, peer: PeerId, height: number): Registry {
  const entry = registry.get(peer)
  return entry === undefined ? registry : new Map(registry).set(peer, { ...entry, awaySinceHeight: null, activeHeight: height })
}
/** Peers whose votes certified a block are active. Only entries that are an eighth of `activeCycles` behind are changed. */
export function withVotes(registry: Registry, peers: readonly PeerId[], height: number, { activeCycles }: RegistryRules): Registry {
  const stale = height - Math.max(1, Math.floor(activeCycles / 8))
  const seen = peers.filter((peer) => (registry.get(peer)?.activeHeight ?? height) <= stale)
  if (seen.length === 0) return registry
  const next = new Map(registry)
  for (const peer of seen) next.set(peer, { ...(registry.get(peer) as PeerEntry), activeHeight: height })
  return next
}

/**
 * Begins a new interval for each peer whose interval is over: tickets of the one before expire, ratings fade by a quarter, and who took
 * part but has fewer tickets than unpaid work brings is given those. At the end of each block.
 */
export function withIntervals(registry: Registry, height: number, rules: RegistryRules): Registry {
  const over = [...registry.values()].filter(({ intervalHeight, standing }) => {
    return height - intervalHeight >= rules.intervalCycles && (standing === 'joined' || standing === 'joining')
  })
  if (over.length === 0) return registry
  const next = new Map(registry)
  for (const entry of over) next.set(entry.peer, nextInterval(entry, height, rules))
  return next
}
function nextInterval(entry: PeerEntry, height: number, { intervalCycles, ticketsUnpaid }: RegistryRules): PeerEntry {
  const isActive = entry.standing === 'joined' && entry.awaySinceHeight === null && height - entry.activeHeight <= intervalCycles
  return {
    ...entry,
    intervalHeight: height,
    tickets: isActive ? Math.max(entry.ticketsNew, ticketsUnpaid) : entry.ticketsNew,
    ticketsNew: 0,
    jobsInterval: 0,
    jobsIntervalBefore: entry.jobsInterval,
    connection: withoutOldest(entry.connection),
    agreement: withoutOldest(entry.agreement),
  }
}

/** Counts of seats as they are now, those of a rotated key with its heir's; peers that are not registered have none. */
export function withSeats(registry: Registry, changes: ReadonlyMap<PeerId, number>): Registry {
  const changed = [...changes].filter(([peer, by]) => by !== 0 && registry.has(peer))
  if (changed.length === 0) return registry
  const next = new Map(registry)
  for (const [peer, by] of changed) {
    const entry = standingFor(next, peer) as PeerEntry
    next.set(entry.peer, { ...entry, seats: entry.seats + by })
  }
  return next
}
