import { hexOf } from '@interpeer/wire-codec'
import { count, type Group, type Turn } from './group-state.js'
import { SHOWN_STEPS_MAX, showMessage } from './messages.js'
import { DISSENTS_MAX } from './settings.js'
import { sign } from './sign.js'
import { untoldFrom } from './steps.js'
import { waitedFor } from './waited-for.js'

/** The last step before those that it has still to run, to look at, or to be given. */
function seenThrough(g: Pick<Group, 'base' | 'steps' | 'unseen' | 'skips' | 'objectedFrom'>): number {
  const unrun = g.steps.filter(({ own }) => own === 'pending' || own === 'running').map(({ step }) => step)
  return Math.min(g.base.step + 1, untoldFrom(g), ...unrun, ...waitedFor(g).map(({ step }) => step)) - 1
}

/** The chain asks: this member signs and stores what it holds, and then signs nothing more in this epoch but what stands against others' steps (design §6, Recovery). */
export function onShow(t: Turn): undefined {
  const { g } = t
  if (g.seat < 0) return count(t, 'NOTHING_TO_SHOW')
  // what was just hidden from this member the others should find in its show, or that it lacks it
  g.isShowDue = g.phase === 'open' && waitedFor(g).length > 0
  if (g.isShowDue) return
  if (g.show === undefined) {
    const { bound, revealed } = g.open
    const steps = g.steps.filter(({ step }) => step >= g.final.step)
    g.show = sign(t, showMessage, {
      steps: steps.slice(-SHOWN_STEPS_MAX).map(({ certified: { certificate, batch }, dissents }) => ({
        certificate,
        batch: batch.bytes,
        dissents: [...dissents.values()].slice(0, DISSENTS_MAX),
      })),
      bound: bound === undefined ? null : { rank: bound.rank, batch: bound.hash, seals: bound.seals },
      boundBatch: bound === undefined ? null : (g.open.batches.get(hexOf(bound.hash))?.bytes ?? null),
      reveal: revealed?.envelope ?? null,
      seen: seenThrough(g),
    }).envelope
    if (g.phase === 'open') g.phase = 'shown'
    t.durable = true
  }
  t.effects.push({ type: 'show', envelope: g.show })
}
