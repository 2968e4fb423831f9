import { othersOf, send, type Turn } from './group-state.js'
import { finalMessage } from './messages.js'
import { sign } from './sign.js'
import { knownStep, unnamedSteps } from './steps.js'

/** How often a closing certificate goes out again: the next epoch's members may have been away. */
const CLOSED_RESENDS = 8

/** After a restart: what this member revealed of steps that no batch names yet may not have reached the others. */
export function sayAgain(t: Turn): void {
  const { g } = t
  for (const { certified } of unnamedSteps(g)) {
    const own = certified.reveals.get(g.seat)
    if (own !== undefined) send(t, othersOf(g), own.envelope)
  }
}

/** Gives certificates and batches of these steps to others; to who asks also after a show, since another may wait for them before it shows. */
export function sendSteps(t: Turn, to: Parameters<typeof send>[1], steps: readonly number[]): void {
  const { g } = t
  if (to.length === 0 || g.seat < 0) return
  for (const step of steps) {
    const known = knownStep(g, step)
    if (known === undefined) continue
    const { certificate, batch } = known.certified
    send(t, to, sign(t, finalMessage, { step, certificate, batch: batch.bytes }).envelope)
  }
}

/** What someone behind needs: the last final step, and all since. */
export const stepsAfter = ({ g }: Turn, step: number): readonly number[] =>
  g.steps.map((one) => one.step).filter((one) => one > step && one >= g.final.step)

/** The closing certificate goes to the next epoch's members, and a few times more. */
export function resendClosing(t: Turn): undefined {
  const { g } = t
  if (g.open.resendAtMs === undefined || t.nowMs < g.open.resendAtMs) return
  sendSteps(t, [...othersOf(g), ...joinersOf(t)], [g.base.step])
  g.closedResends++
  g.open.resendEveryMs *= 2
  g.open.resendAtMs = g.closedResends >= CLOSED_RESENDS ? undefined : t.nowMs + g.open.resendEveryMs
}

export const joinersOf = ({ g }: Turn) => (g.closing?.next ?? []).filter((peer) => !g.setup.members.includes(peer))
