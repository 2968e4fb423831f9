import { count, type Turn } from './group-state.js'
import { showMessage } from './messages.js'
import { sign } from './sign.js'

/** The chain asks: this member signs and stores what it holds, and then signs nothing more in this epoch (design §6, Recovery). */
export function onShow(t: Turn): undefined {
  const { g } = t
  if (g.seat < 0) return count(t, 'NOTHING_TO_SHOW')
  if (g.show === undefined) {
    const { certified } = g.base
    const { bound } = g.open
    g.show = sign(t, showMessage, {
      last: certified === undefined ? null : { certificate: certified.certificate, batch: certified.batch.bytes },
      bound: bound === undefined ? null : { rank: bound.rank, batch: bound.batch.bytes, seals: bound.seals },
    }).envelope
    if (g.phase === 'open') g.phase = 'shown'
    t.durable = true
  }
  t.effects.push({ type: 'show', envelope: g.show })
}
