import { contentIdOfBytes } from '@interpeer/crypto-ids'
import { mark, nameDisputes } from './adopt.js'
import { matches } from './answer.js'
import { storeBatch } from './batch-block.js'
import { noteOthers } from './branches.js'
import type { CertifiedStep } from './certificate.js'
import { becomeFinal, fetchState } from './finality.js'
import { type KnownStep, othersOf, send, type Turn } from './group-state.js'
import { askMessage } from './messages.js'
import { sign } from './sign.js'
import { disputedIn, lowestMissing, stateAt } from './steps.js'
import { withoutTaken } from './waited-for.js'

/** Asks for what was skipped. */
export function askForMissing(t: Turn): void {
  const missing = lowestMissing(t.g)
  if (missing !== undefined) send(t, othersOf(t.g), sign(t, askMessage, { step: missing - 1 }).envelope)
}

/** Takes up a certified step below the tip that was skipped: it changes nothing of what is built on, but something may be signed against it. */
export function fillGap(t: Turn, certificate: Uint8Array, certified: CertifiedStep): undefined {
  const { g } = t
  const { step, rank, answer, batch, start, reveals } = certified
  const differing = reveals.filter(({ value }) => !matches(value.answer, answer))
  const own = reveals.find(({ seat }) => seat === g.seat)
  const [before, state] = [stateAt(g, start), stateAt(g, contentIdOfBytes(answer.root))]
  const canRun = g.seat >= 0 && before !== undefined
  const known: KnownStep = {
    step,
    certified: { rank, answer, batch, start, certificate, reveals: new Map(reveals.map((one) => [one.seat, one])) },
    sinceMs: t.nowMs,
    own: own !== undefined ? (matches(own.value.answer, answer) ? 'agrees' : 'differs') : canRun ? 'pending' : 'missed',
    mayReveal: false, // what was sealed there at that rank is not known any more
    bodies: 'unknown',
    given: new Set(),
    completed: false,
    told: step < g.final.step && g.final.announced ? 'final' : 'no', // a later one was told: this one is passed over
    dissents: new Map(differing.map((one) => [one.seat, one.envelope])),
    holders: new Map(),
    timeouts: [],
    named: disputedIn(g.steps, g.setup.epoch).has(step),
    ...(state === undefined ? {} : { state }),
    ...(before === undefined ? {} : { before }),
  }
  g.steps = [...g.steps, known].sort((a, b) => a.step - b.step)
  g.unseen = withoutTaken(g.unseen, step, batch.hash)
  noteOthers(t, step, batch.hash)
  nameDisputes(t, batch)
  storeBatch(t, batch)
  t.durable = true
  for (const { seat } of differing) mark(t, seat, step)
  becomeFinal(t)
  fetchState(t)
}
