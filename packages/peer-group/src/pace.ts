import { hexOf } from '@interpeer/wire-codec'
import type { KnownBatch } from './batch.js'
import type { Group, Turn } from './group-state.js'
import { RUN_RANKS_MAX } from './settings.js'

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

const longestMs = ({ g }: Turn): number => g.settings.rankTimerMs * RUN_RANKS_MAX

/** When the rank is over for this member. While it runs this rank's batch its timer waits: to give it up would only have the same requests run again. */
export function timerDueMs(t: Turn): number | undefined {
  const { timerAtMs, proposals, rank, runs } = t.g.open
  const batch = proposals.get(rank)?.batch
  const run = batch === undefined ? undefined : runs.get(hexOf(batch.hash))
  if (timerAtMs === undefined || run?.type !== 'running') return timerAtMs
  return Math.max(timerAtMs, run.sinceMs + longestMs(t))
}

/** A run of this rank's batch ended: members that are slower, and what is said afterwards, have as long again. */
export function waitAsLongAgain(t: Turn, batch: KnownBatch, tookMs: number): void {
  const { open } = t.g
  if (open.timerAtMs === undefined || open.proposals.get(open.rank)?.batch !== batch) return
  open.timerAtMs = Math.max(open.timerAtMs, t.nowMs + Math.min(tookMs, longestMs(t)))
}
