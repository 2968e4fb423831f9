import { isDrawn, turnAt, turnEndsMs, turnStartsMs } from './agenda/outbox-turns.js'
import type { Turn } from './group-state.js'
import { PROVISIONAL_MAX } from './settings.js'
import { knownStep, nameable, unnamedSteps } from './steps.js'

/** However many requests of an outbox wait, their turns want a batch of their own no more often. */
const WAKE_PAUSE_MS = 1_000

/**
 * Whether a member was drawn for a request of the outbox since the last certified batch: it sends only on a state of its own turn, so one is made, if need be by an
 * empty batch.
 */
export function isOutboxTurnDue(t: Turn): boolean {
  const { g, nowMs } = t
  const { base, frozen } = g
  if (frozen > 0 || base.state === undefined || base.state.agenda.outbox.length === 0 || nowMs < base.sinceMs + WAKE_PAUSE_MS) return false
  const isDue = base.state.agenda.outbox.some((entry) => isDrawn(entry, nowMs) && turnStartsMs(entry, turnAt(entry, nowMs)) > base.timeMs)
  return isDue && base.step - nameable(t, new Set()) <= PROVISIONAL_MAX // with more of them no batch can be made yet
}

/** When the next such batch is due. */
export function nextOutboxTurnMs({ g, nowMs }: Turn): number | undefined {
  const { base, frozen } = g
  if (frozen > 0 || base.state === undefined) return undefined
  let firstMs = Number.POSITIVE_INFINITY
  for (const entry of base.state.agenda.outbox) {
    const isLate = isDrawn(entry, nowMs) && turnStartsMs(entry, turnAt(entry, nowMs)) > base.timeMs
    firstMs = Math.min(firstMs, isLate ? base.sinceMs + WAKE_PAUSE_MS : turnEndsMs(entry, nowMs))
  }
  return firstMs === Number.POSITIVE_INFINITY ? undefined : Math.max(firstMs, base.sinceMs + WAKE_PAUSE_MS)
}

/** The first certified step of a turn that runs, where nothing of it is final yet: the drawn member waits for that. */
export function outboxStepToName({ g, nowMs }: Turn): number | undefined {
  const outbox = g.base.state?.agenda.outbox ?? []
  if (outbox.length === 0 || g.frozen > 0) return undefined
  const finalMs = knownStep(g, g.final.step)?.certified.batch.value.timeMs ?? g.setup.startTimeMs ?? 0
  const starts = outbox.filter((entry) => isDrawn(entry, nowMs)).map((entry) => turnStartsMs(entry, turnAt(entry, nowMs)))
  const waited = starts.filter((startMs) => startMs > finalMs)
  if (waited.length === 0) return undefined
  const first = Math.min(...waited)
  return unnamedSteps(g).find(({ step, certified }) => step > g.final.step && certified.batch.value.timeMs >= first)?.step
}
