import { hexOf, sameBytes } from '@interpeer/wire-codec'
import type { KnownBatch } from './batch.js'
import type { Group, Turn } from './group-state.js'
import { AGAIN_RANKS_MAX, RUN_RANKS_MAX } from './settings.js'

/** Of a batch before this member has run one. */
const UNKNOWN_REQUESTS = 4
/** Of the first rank's time: the rest is for messages, and for members that are slower. */
const RUN_SHARE = 0.5

/** A batch was run here. */
export function learnPace({ g }: Turn, requests: number, tookMs: number): undefined {
  if (requests === 0) return
  const requestMs = Math.max(tookMs, 0) / requests
  g.requestMs = g.requestMs === undefined ? requestMs : (g.requestMs + requestMs) / 2
}

/** How many requests a batch may have for its run to end well within its rank's time, as far as this member can tell from its own runs: one at least. */
export function requestsInTime({ requestMs, settings }: Pick<Group, 'requestMs' | 'settings'>): number {
  if (requestMs === undefined) return UNKNOWN_REQUESTS
  return Math.max(1, Math.floor((settings.rankTimerMs * RUN_SHARE) / requestMs))
}

/**
 * When the rank is over for this member. While it runs this rank's batch its timer waits: to give it up would only have the same requests run again. Not where the
 * epoch is to close: the chain waits for that.
 */
export function timerDueMs({ g }: Turn): number | undefined {
  const { timerAtMs, proposals, rank, runs } = g.open
  const batch = proposals.get(rank)?.batch
  const run = batch === undefined ? undefined : runs.get(hexOf(batch.hash))
  if (timerAtMs === undefined || run?.type !== 'running') return timerAtMs
  return Math.max(timerAtMs, beforeClosing(g, run.sinceMs + g.settings.rankTimerMs * RUN_RANKS_MAX))
}

/** A run of this rank's batch ended, with something to seal: members that are slower, and what is said afterwards, have about as long again. */
export function waitAsLongAgain({ g, nowMs }: Turn, batch: KnownBatch, tookMs: number): void {
  const { open, settings } = g
  const current = open.proposals.get(open.rank)?.batch
  if (open.timerAtMs === undefined || current === undefined || !sameBytes(current.hash, batch.hash)) return
  const untilMs = nowMs + Math.min(tookMs, settings.rankTimerMs * AGAIN_RANKS_MAX)
  open.timerAtMs = Math.max(open.timerAtMs, beforeClosing(g, untilMs))
}

const beforeClosing = ({ closing, settings }: Pick<Group, 'closing' | 'settings'>, untilMs: number): number =>
  closing === undefined ? untilMs : Math.min(untilMs, closing.atMs + settings.rankTimerMs)
