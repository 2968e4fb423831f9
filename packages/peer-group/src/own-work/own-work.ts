import { type ContentId, type PeerId, peekMessageNumber, type Signer } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { matches } from '../answer.js'
import { readCertificate } from '../certificate.js'
import { PeerGroupError } from '../errors.js'
import { type Reveal, revealMessage } from '../messages.js'
import { createVerifier, type GroupContext, type Opened, type Verification } from '../verifier.js'
import { challenge, endChallenges, onChallenge, onReply } from './challenges.js'
import { claim } from './claims.js'
import { challengeMessage, challengeReplyMessage } from './messages.js'
import { TRANSCRIPT_MAX_BYTES } from './own-part.js'
import {
  countOwn,
  keepStep,
  type OwnRan,
  type OwnTurn,
  type OwnWork,
  type OwnWorkEffect,
  type StepWork,
  throwDice,
} from './own-work-state.js'
import { OWN_WORK_DEFAULTS, type OwnWorkSettings } from './settings.js'
import { isOwnWork } from './verify-own.js'

/** `nowMs` is network time. */
export type OwnWorkEvent = { readonly nowMs: number } & (
  | { readonly type: 'time' }
  /** A run of a batch ended here: what the group is told by `executed`. */
  | ({ readonly type: 'ran'; readonly batch: Uint8Array } & OwnRan)
  /** What the group told: its effect `final`. `batch` is the batch's bytes, `responses` its response blocks. */
  | {
      readonly type: 'final'
      readonly certificate: Uint8Array
      readonly batch: Uint8Array
      readonly files: ContentId
      readonly responses: readonly ContentId[]
    }
  /** `group-reveal` (the group gets it too), `group-challenge`, `group-challenge-reply`. */
  | { readonly type: 'message'; readonly from: PeerId; readonly envelope: Uint8Array }
)
export interface OwnWorkStep {
  readonly state: OwnWork
  readonly effects: readonly OwnWorkEffect[]
}
/** The messages for this machine; the group machine knows the first too. */
export const OWN_WORK_MESSAGES: readonly number[] = [revealMessage.number, challengeMessage.number, challengeReplyMessage.number]

/**
 * A member's watch over the others' own work in one epoch (design §6): from the transcripts of what it ran itself it makes their own parts and
 * compares, challenges some to show what theirs were made of, and answers such challenges. It stands beside the group, and keeps nothing over a restart.
 * @param seed 32 secret bytes, never the same twice: the dice
 * @throws {PeerGroupError} GROUP_SETUP
 */
export function openOwnWork(
  context: GroupContext,
  self: Signer,
  seed: Uint8Array,
  settings: Partial<OwnWorkSettings> = {},
  verification?: Verification,
): OwnWork {
  if (seed.length !== 32) throw new PeerGroupError({ code: 'GROUP_SETUP', reason: 'the dice have 32 bytes' })
  const { network, job, epoch, members } = context
  const own = { network, job, epoch, members }
  return {
    context: own,
    settings: { ...OWN_WORK_DEFAULTS, ...settings },
    self,
    verifier: createVerifier(own, verification),
    dice: { seed, thrown: 0 },
    steps: new Map(),
    early: new Map(),
    asked: new Map(),
    repliedAtMs: new Map(),
    claimed: new Set(),
    wakeAtMs: undefined,
  }
}

/** Moves the watch by one event. Never throws on what comes from outside: it is counted, and a provable lie is a `claim`. The state is a value. */
export function stepOwnWork(work: OwnWork, event: OwnWorkEvent): OwnWorkStep {
  const t: OwnTurn = { work, nowMs: event.nowMs, effects: [] }
  if (event.type === 'ran') onRan(t, event.batch, event)
  else if (event.type === 'final') onFinal(t, event)
  else if (event.type === 'message') onMessage(t, event.envelope)
  endChallenges(t)
  const wakeAtMs = [...t.work.asked.values()].reduce<number | undefined>(
    (least, { endsAtMs }) => Math.min(least ?? endsAtMs, endsAtMs),
    undefined,
  )
  if (wakeAtMs !== undefined && wakeAtMs !== work.wakeAtMs) t.effects.push({ type: 'wake', atMs: wakeAtMs })
  return { state: { ...t.work, wakeAtMs }, effects: t.effects }
}

function onRan(t: OwnTurn, batch: Uint8Array, { files, responses, transcript }: OwnRan): undefined {
  if (transcript.length > TRANSCRIPT_MAX_BYTES) return countOwn(t, 'TRANSCRIPT_TOO_LONG')
  const name = hexOf(batch)
  const known = t.work.steps.get(name) ?? { batch, ran: undefined, final: undefined, isDrawn: false, reveals: new Map() }
  keepStep(t, name, { ...known, ran: { files, responses, transcript } })
  for (const reveal of known.reveals.values()) compare(t, name, reveal)
}

function onFinal(t: OwnTurn, { certificate, batch, files, responses }: OwnWorkEvent & { type: 'final' }): undefined {
  const { verifier, settings, early, self } = t.work
  let read: ReturnType<typeof readCertificate>
  try {
    read = readCertificate(certificate, batch, verifier)
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return countOwn(t, error.code)
  }
  const { step, answer, batchHash } = read
  const name = hexOf(batchHash)
  const known = t.work.steps.get(name)
  t.work = { ...t.work, early: new Map([...early].filter(([, { value }]) => value.step > step)) }
  // who runs nothing has nothing to show; and after a restart the group tells the last step once more
  if (read.batch.requests.length + read.batch.value.events.length === 0 || known?.final !== undefined) return
  const isDrawn = throwDice(t) % 1_000 < settings.checkPerMille
  keepStep(t, name, { batch: batchHash, ran: known?.ran, final: { step, answer, files, responses }, isDrawn, reveals: new Map() })
  for (const reveal of [...read.reveals, ...early.values()]) takeReveal(t, reveal)
  if (throwDice(t) % 1_000 >= settings.challengePerMille) return
  const recent = [...t.work.steps.values()].slice(-Math.ceil(settings.keptSteps / 2))
  const others = recent.flatMap(({ reveals }) => [...reveals.values()].filter(({ value }) => !sameBytes(value.from, self.publicKey)))
  const drawn = others[throwDice(t) % Math.max(1, others.length)]
  if (drawn !== undefined) challenge(t, drawn)
}

function onMessage(t: OwnTurn, envelope: Uint8Array): void {
  const { verifier } = t.work
  const number = peekMessageNumber(envelope)
  if (number === challengeMessage.number) take(t, verifier.open(challengeMessage, envelope), onChallenge)
  else if (number === challengeReplyMessage.number) take(t, verifier.open(challengeReplyMessage, envelope), onReply)
  else if (number === revealMessage.number) {
    const opened = verifier.open(revealMessage, envelope)
    if (typeof opened !== 'string') takeReveal(t, opened) // others are counted by the group, which gets reveals too
  } else countOwn(t, 'MESSAGE_UNKNOWN')
}

function take<T>(t: OwnTurn, opened: Opened<T> | string, on: (t: OwnTurn, opened: Opened<T>) => void): undefined {
  if (typeof opened === 'string') return countOwn(t, opened)
  if (t.work.context.members[opened.seat] === t.work.self.peerId) return countOwn(t, 'OWN_MESSAGE')
  on(t, opened)
}

/** Steps may be provisional for a while. */
const EARLY_STEPS = 8

/** Reveals come in certificates, and by themselves from who was late. */
function takeReveal(t: OwnTurn, reveal: Opened<Reveal>): undefined {
  const name = hexOf(reveal.value.batch)
  const known = t.work.steps.get(name)
  if (known?.final === undefined) {
    t.work = { ...t.work, early: new Map(t.work.early).set(`${reveal.seat} ${reveal.value.step % EARLY_STEPS}`, reveal) }
    return
  }
  if (known.final.step !== reveal.value.step || !matches(reveal.value.answer, known.final.answer)) return
  const earlier = known.reveals.get(reveal.seat)
  if (earlier !== undefined) {
    if (sameBytes(earlier.value.answer.own, reveal.value.answer.own) || !sameBytes(earlier.value.start, reveal.value.start)) return
    return claim(t, 'two-owns', [earlier.envelope, reveal.envelope])
  }
  keepStep(t, name, { ...known, reveals: new Map(known.reveals).set(reveal.seat, reveal) })
  compare(t, name, reveal)
}

/** Makes the own part that a member should have, where this one's run came to what is final. */
function compare(t: OwnTurn, name: string, reveal: Opened<Reveal>): undefined {
  const { steps, context, self } = t.work
  const step = steps.get(name)
  if (step?.ran === undefined || step.final === undefined || !step.isDrawn || !isFinalRun(step)) return
  if (sameBytes(reveal.value.from, self.publicKey)) return
  if (isOwnWork(reveal.value, context, { answer: step.final.answer, transcript: step.ran.transcript })) return countOwn(t, 'OWN_PART_RIGHT')
  claim(t, 'own-part', [reveal.envelope])
  challenge(t, reveal) // it may show what it ran: a reason that this member can't know
}

function isFinalRun({ ran, final }: StepWork): boolean {
  if (ran === undefined || final === undefined) return false
  return ran.files === final.files && ran.responses.join() === final.responses.join()
}
