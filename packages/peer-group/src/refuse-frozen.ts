import { hexOf } from '@interpeer/wire-codec'
import type { Turn } from './group-state.js'
import { itemsOf } from './request-index.js'
import { FAILURES_MAX } from './settings.js'

/**
 * A group that froze orders nothing: who waits for this member's answer hears so at once. What ran before the frozen step is still named final; what ran in it or later comes again with the verdict,
 * and who asks again under the same id is told then.
 */
export function refuseFrozen(t: Turn): undefined {
  const { pool, steps, frozen, seat } = t.g
  const before = steps.filter(({ step }) => step < frozen).flatMap(({ certified }) => certified.batch.requests)
  const stays = new Set(before.map(({ id }) => hexOf(id)))
  const waiting = [...itemsOf(pool.index)].filter((one) => one.seat === seat && one.failures < FAILURES_MAX && !stays.has(one.name))
  for (const { ref } of waiting.sort((a, b) => a.order - b.order)) t.effects.push({ type: 'refused', id: ref.id, code: 'GROUP_FROZEN' })
}
