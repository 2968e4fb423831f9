import type { Batch } from './batch.js'
import { openDissents } from './dissent.js'
import type { Turn } from './group-state.js'
import { outboxStepToName } from './outbox-wakes.js'
import { nameable, unnamedSteps } from './steps.js'

const hasWork = ({ requests, events }: Batch): boolean => requests.length + events.length > 0

/**
 * Whether a batch is wanted to say what is final: a step that somebody waits for, for its writes or for a turn of the outbox, can be named, or something signed against a step is to be put on record.
 */
export function isNamingDue(t: Turn): boolean {
  const { g } = t
  if (g.phase !== 'open' || g.seat < 0) return false
  const dissents = openDissents(t)
  if (dissents.length > 0) return true
  const waiting = unnamedSteps(g).filter(({ step, certified }) => step > g.final.step && hasWork(certified.batch.value))
  const first = Math.min(waiting[0]?.step ?? Number.POSITIVE_INFINITY, outboxStepToName(t) ?? Number.POSITIVE_INFINITY)
  return first !== Number.POSITIVE_INFINITY && nameable(t, new Set()) >= first
}
