import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { matches } from './answer.js'
import { quorum, type Turn } from './group-state.js'
import type { Reveal } from './messages.js'
import { FREEZE_RANKS } from './settings.js'
import { timeoutsOfRank } from './timeouts.js'
import type { Opened } from './verifier.js'

/**
 * Tells the chain, once for each step, that the open one may never be certified: its reveals can no longer reach q alike, or a commit set stands without a
 * certificate K ranks later. Only a report: the lock rules stay in force, since a certificate may exist that nobody has shown (design §6).
 */
export function tellStuck(t: Turn): undefined {
  const { open } = t.g
  if (open.toldStuck || t.g.seat < 0) return
  const { bound } = open
  const batch = bound === undefined ? undefined : open.batches.get(hexOf(bound.hash))
  if (bound === undefined || batch === undefined) return
  const reveals = [...(open.reveals.get(bound.rank)?.values() ?? [])].filter(({ value }) => sameBytes(value.batch, bound.hash))
  if (isSplit(reveals, t)) return tell(t, batch.bytes, { reveals: reveals.map(({ envelope }) => envelope), seals: [], timeouts: [] })
  for (let rank = open.rank; rank >= bound.rank + FREEZE_RANKS; rank--) {
    const timeouts = timeoutsOfRank(t, rank)
    if (timeouts.length < quorum(t.g)) continue
    return tell(t, batch.bytes, { reveals: [], seals: bound.seals, timeouts: timeouts.map(({ envelope }) => envelope) })
  }
}

/** Whether whatever the silent members still say, no answer reaches q. */
function isSplit(reveals: readonly Opened<Reveal>[], t: Turn): boolean {
  const silent = t.g.setup.members.length - reveals.length
  const most = Math.max(0, ...reveals.map(({ value }) => reveals.filter((other) => matches(other.value.answer, value.answer)).length))
  return most + silent < quorum(t.g)
}

function tell(
  t: Turn,
  batch: Uint8Array,
  evidence: { readonly reveals: readonly Uint8Array[]; readonly seals: readonly Uint8Array[]; readonly timeouts: readonly Uint8Array[] },
): undefined {
  t.g.open.toldStuck = true
  t.effects.push({ type: 'stuck', step: t.g.open.step, batch, ...evidence })
}
