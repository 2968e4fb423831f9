import type { ContentId } from '@interpeer/crypto-ids'
import { contentIdOfBytes } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { StateEvent } from './api.js'
import { PeerGroupError } from './errors.js'
import { count, type KnownStep, peerAt, type Turn } from './group-state.js'
import { cleanPool } from './pool.js'
import { answeredBy, type GroupState, readState } from './state-block.js'
import { finalThrough, knownStep, namingCertificate, stateAt, untoldFrom } from './steps.js'

/** Takes as final what certificates prove, and says so. */
export function becomeFinal(t: Turn): void {
  const { g } = t
  const known = finalThrough(g)
  if (known !== undefined) {
    const root = contentIdOfBytes(known.certified.answer.root)
    const state = known.state ?? stateAt(g, root)
    g.final = { step: known.step, root, announced: false, ...(state === undefined ? {} : { state }) }
    t.durable = true
  }
  announce(t)
}

/** What it told nobody while it had not seen all that leads to it, or objected to it. */
export function tellRest(t: Turn): undefined {
  t.g.final = { ...t.g.final, announced: false }
  announce(t)
}

/**
 * Tells of final steps, in order and once, each when its state is here. A step whose state this member never had is passed over as soon as a later one is told:
 * its writes are `repeated`.
 */
export function announce(t: Turn): void {
  const { g } = t
  const told = new Set<string>()
  const untold = untoldFrom(g)
  for (const known of g.steps) {
    if (known.step >= untold) break
    const isFinal = known.step <= g.final.step
    if (known.told === 'final' || (!isFinal && known.told === 'provisional')) continue
    const state = known.state ?? stateAt(g, contentIdOfBytes(known.certified.answer.root))
    if (state === undefined) continue
    if (isFinal) for (const { id } of known.certified.batch.requests) told.add(hexOf(id))
    if (isFinal) tellFinal(t, known, state)
    else if (!isHeldBack(t, known)) tellProvisional(t, known, state)
    g.steps = g.steps.map((one) => (one.step === known.step ? { ...one, told: isFinal ? 'final' : 'provisional' } : one))
  }
  if (g.final.state === undefined || g.final.announced || g.final.step >= untold) return
  g.final = { ...g.final, announced: true }
  cleanPool(t, told)
}

function tellFinal(t: Turn, known: KnownStep, state: GroupState): void {
  const { certificate, batch } = known.certified
  const naming = namingCertificate(t.g, known)
  t.effects.push({
    type: 'final',
    step: known.step,
    certificate,
    batch: batch.bytes,
    named: naming?.certified.certificate ?? null,
    timeMs: (naming?.certified ?? known.certified).batch.value.timeMs,
    state: state.root,
    files: state.files,
    requests: responsesIn(state, known),
    isLast: known.step === t.g.final.step,
  })
}

function tellProvisional(t: Turn, known: KnownStep, state: GroupState): void {
  const { certificate, batch } = known.certified
  t.effects.push({
    type: 'provisional',
    step: known.step,
    certificate,
    batch: batch.bytes,
    state: state.root,
    requests: responsesIn(state, known),
  })
}

function responsesIn(state: GroupState, { certified }: KnownStep) {
  return certified.batch.requests.flatMap(({ id }) => {
    const answered = answeredBy(state, hexOf(id))
    return answered === undefined ? [] : [{ id, response: answered.response }]
  })
}

/** What a frozen group repeats, and what it built on the frozen step. */
const isHeldBack = ({ g }: Turn, { step }: KnownStep): boolean => g.frozen > 0 && step >= g.frozen

/** A frozen group's newest word on its last final step. */
export function renew(t: Turn, { certified }: KnownStep): void {
  const { final } = t.g
  t.effects.push({ type: 'renewed', step: final.step, named: certified.certificate, timeMs: certified.batch.value.timeMs })
}

/** Asks for the states that are missing: the one that the next batch runs on, and the one that reads run on. */
export function fetchState(t: Turn): undefined {
  const { g } = t
  const tip = knownStep(g, g.base.step)
  if (g.base.state === undefined && tip?.own !== 'running') wantState(t, g.base.root, tip)
  if (g.final.state === undefined && g.final.root !== g.base.root) wantState(t, g.final.root, knownStep(g, g.final.step))
  if (g.before !== undefined && g.before.state === undefined) wantState(t, g.before.root, undefined)
}

function wantState(t: Turn, root: ContentId, known: KnownStep | undefined): void {
  const { setup, self } = t.g
  const holders = known === undefined ? setup.members : [...known.certified.reveals.keys()].map((seat) => peerAt(t.g, seat))
  t.effects.push({ type: 'fetch-state', root, from: holders.filter((peer) => peer !== self.peerId) })
}

/** Asks for the state before a disputed step, once; what is missing is asked for again with open messages. */
export function wantBefore(t: Turn, root: ContentId): void {
  if (t.g.before?.root === root) return
  t.g.before = { root }
  wantState(t, root, undefined)
}

/** A state came: run, or fetched. */
export function takeState(t: Turn, state: GroupState): boolean {
  const { g } = t
  const { root } = state
  const isWanted = [g.base, g.final, g.before].some((one) => one?.root === root && one.state === undefined)
  if (g.base.root === root && g.base.state === undefined) g.base = { ...g.base, state }
  if (g.final.root === root && g.final.state === undefined) g.final = { ...g.final, state }
  if (g.before?.root === root) g.before = { root, state }
  g.steps = g.steps.map((one) =>
    one.state === undefined && contentIdOfBytes(one.certified.answer.root) === root ? { ...one, state } : one,
  )
  if (isWanted) announce(t)
  return isWanted
}

/** The shell has a group state block, and all under it, on disk. */
export function onState(t: Turn, { root, block, pages }: StateEvent): undefined {
  const isMissing = [t.g.base, t.g.final, t.g.before].some((one) => one !== undefined && one.state === undefined)
  if (!isMissing) return
  try {
    const state = readState(block, pages)
    if (state.root !== root || !takeState(t, state)) return count(t, 'STATE_OTHER')
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return count(t, 'STATE_INVALID')
  }
}
