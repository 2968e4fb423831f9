import { sameBytes } from '@interpeer/wire-codec'
import { matches } from './answer.js'
import { beforeBranch, isOnOther } from './branches.js'
import { agreedAnswer, writeCertificate } from './certificate.js'
import type { Turn, Unseen } from './group-state.js'
import { type Way, wayTo } from './jury/bring.js'
import { type Stretch, stretchIn } from './jury/stretch.js'
import { isJudged, knownStep } from './steps.js'
import { endOf, mayBring, stretchFrom } from './stretch.js'

/**
 * After a restart the chain is told all of it again: a peer may have crashed before a block had it, and a dispute that was brought twice is one.
 */
export function disputeAgain(t: Turn): void {
  for (const { step } of t.g.steps) disputeOwn(t, step)
  if (t.g.frozen > 0) disputeStep(t, t.g.frozen)
  for (const one of t.g.unseen) disputeUnseen(t, one)
}

/**
 * What is signed against a certified step. Nobody objects who agreed in the certificate that is shown: reveals of such members are left out of
 * it, or, where q would not be left, what they say against it.
 */
export function disputeStep(t: Turn, step: number): void {
  const { g } = t
  const known = knownStep(g, step)
  if (known === undefined || known.dissents.size === 0 || !isJudged(g)) return
  const { answer, reveals, batch } = known.certified
  const agreed = (seat: number): boolean => {
    const own = reveals.get(seat)
    return own !== undefined && matches(own.value.answer, answer)
  }
  const others = [...reveals.values()].filter(({ seat }) => !known.dissents.has(seat) || !agreed(seat))
  const isEnough = agreedAnswer(others, g.setup.members.length) !== undefined
  const all = [...known.dissents].filter(([seat]) => isEnough || !agreed(seat)).map(([, envelope]) => envelope)
  const certificate = isEnough ? writeCertificate(others) : known.certified.certificate
  const told = { type: 'dispute', step, certificate, batch: batch.bytes } as const
  const near = all.filter((one) => stretchIn(one) === undefined)
  if (near.length > 0) t.effects.push({ ...told, dissents: near })
  // who asks for something far back is answered: the group may be frozen for it, and it may not bring that itself
  for (const one of all) if (stretchIn(one) !== undefined) t.effects.push({ ...told, dissents: [one], way: FROM_THE_START })
}

/** The chain hears of it from the dissenter too: the others may collude, or have called the step clear. */
export function disputeOwn(t: Turn, step: number): void {
  const { g } = t
  const known = knownStep(g, step)
  const own = known?.dissents.get(g.seat)
  if (known === undefined || own === undefined || !isJudged(g)) return
  const { certificate, batch } = known.certified
  t.effects.push({
    type: 'dispute',
    step,
    certificate,
    batch: batch.bytes,
    dissents: [own],
    ...(stretchIn(own) === undefined ? {} : { way: FROM_THE_START }),
  })
}

/** A step whose batch this member was not given: once that is signed. Of what is between it and its own last step it may have been given nothing either. */
export function disputeUnseen(t: Turn, unseen: Unseen): void {
  const { g } = t
  const { step, certificate, said, batchHash } = unseen
  if (said === undefined || !isJudged(g)) return
  const known = knownStep(g, step)?.certified.batch.hash
  if (known !== undefined && !sameBytes(known, batchHash)) return // of another branch: what leads there was told with it, and is on the disk
  const told = { type: 'dispute', step, certificate, batch: null, dissents: [said] } as const
  const [way, stretch] = [wayUnseen(t, unseen), stretchIn(said)]
  if (stretch !== undefined) t.effects.push({ ...told, way: way === undefined || endOf(way) > stretch.after ? FROM_THE_START : way })
  else t.effects.push(way === undefined || stretchFrom(way, endOf(way), step) !== undefined ? told : { ...told, way })
}
/** For what asks for its steps itself, and says where they begin. */
const FROM_THE_START: Way = { base: undefined, path: [] }

/** What this member asks jurors to run of what leads to a step that is far from all that it knows. Nobody gives it that batch, so it can look at nothing itself: the beginning. */
export function stretchUnseen(t: Turn, unseen: Unseen): Stretch | undefined {
  const way = isJudged(t.g) ? wayUnseen(t, unseen) : undefined
  return way === undefined ? undefined : stretchFrom(way, endOf(way), unseen.step)
}

function wayUnseen({ g }: Turn, unseen: Unseen): Way | undefined {
  const { step, answer } = unseen
  const isApart = step > g.base.step + 1 && answer.disputed === 0 && wayTo(g, step - 1, unseen) === undefined
  const way = isOnOther(g, unseen) ? beforeBranch(g, unseen)?.way : isApart ? wayTo(g, g.base.step, unseen) : undefined
  return way !== undefined && mayBring(way, step - 1 - endOf(way), step) ? way : undefined
}
