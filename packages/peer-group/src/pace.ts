import type { Group, Turn } from './group-state.js'

/** Of a batch before this member has run one. */
const UNKNOWN_REQUESTS = 64
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
