import { type ContentId, type PeerId, peekMessageNumber, type Signer } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { matches } from '../answer.js'
import { readCertificate } from '../certificate.js'
import { PeerGroupError } from '../errors.js'
import type { Reveal } from '../messages.js'
import { createVerifier, type GroupContext, type Opened, type Verification } from '../verifier.js'
import { challenge, endChallenges, onChallenge, onReply } from './challenges.js'
import { claim } from './claims.js'
import { challengeMessage, challengeReplyMessage } from './messages.js'
import { ownPart, TRANSCRIPT_MAX_BYTES } from './own-part.js'
import {
  countOwn,
  isFinalRun,
  keepStep,
  type OwnRan,
  type OwnTurn,
  type OwnWork,
  type OwnWorkEffect,
  type StepWork,
  throwDice,
} from './own-work-state.js'
import { OWN_WORK_DEFAULTS, type OwnWorkSettings } from './settings.js'

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
  /** Of a final step the group counts more reveals than it told of (`finalReveals`). What it does not count could not be judged. */
  | { readonly type: 'revealed'; readonly reveals: Iterable<Opened<Reveal>> }
  /** `group-challenge`, `group-challenge-reply`. */
  | { readonly type: 'message'; readonly from: PeerId; readonly envelope: Uint8Array }
)
export interface OwnWorkStep {
  readonly state: OwnWork
  readonly effects: readonly OwnWorkEffect[]
}
/** The messages for this machine. */
export const OWN_WORK_MESSAGES: readonly number[] = [challengeMessage.number, challengeReplyMessage.number]

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
    asked: new Map(),
    repliedAtMs: new Map(),
    wakeAtMs: undefined,
  }
}

/** Moves the watch by one event. Never throws on what comes from outside: it is counted, and a provable lie is a `claim`. The state is a value. */
export function stepOwnWork(work: OwnWork, event: OwnWorkEvent): OwnWorkStep {
  const t: OwnTurn = { work, nowMs: event.nowMs, effects: [] }
  if (event.type === 'ran') onRan(t, event.batch, event)
  else if (event.type === 'final') onFinal(t, event)
  else if (event.type === 'revealed') for (const reveal of event.reveals) takeReveal(t, reveal)
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
  const step = { ...known, ran: { files, responses, transcript } }
  for (const reveal of known.reveals.values()) compare(t, step, reveal)
  keepStep(t, name, step)
}

function onFinal(t: OwnTurn, { certificate, batch, files, responses }: OwnWorkEvent & { type: 'final' }): undefined {
  const { verifier, settings, self } = t.work
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
  // who runs nothing has nothing to show; and after a restart the group tells the last step once more
  if (read.batch.requests.length + read.batch.value.events.length === 0 || known?.final !== undefined) return
  const isDrawn = throwDice(t) % 1_000 < settings.checkPerMille
  keepStep(t, name, { batch: batchHash, ran: known?.ran, final: { step, answer, files, responses }, isDrawn, reveals: new Map() })
  for (const reveal of read.reveals) takeReveal(t, reveal)
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
  else countOwn(t, 'MESSAGE_UNKNOWN')
}

function take<T>(t: OwnTurn, opened: Opened<T> | string, on: (t: OwnTurn, opened: Opened<T>) => void): undefined {
  if (typeof opened === 'string') return countOwn(t, opened)
  if (t.work.context.members[opened.seat] === t.work.self.peerId) return countOwn(t, 'OWN_MESSAGE')
  on(t, opened)
}

/** Reveals come in the certificate that the group tells of, and later from who was late. */
function takeReveal(t: OwnTurn, reveal: Opened<Reveal>): undefined {
  const name = hexOf(reveal.value.batch)
  const known = t.work.steps.get(name)
  if (known?.final === undefined) return
  const { final } = known
  if (final.step !== reveal.value.step || !matches(reveal.value.answer, final.answer)) return
  const earlier = known.reveals.get(reveal.seat)
  if (earlier !== undefined) {
    if (sameBytes(earlier.value.answer.own, reveal.value.answer.own)) return
    return claim(t, 'two-owns', [earlier.envelope, reveal.envelope])
  }
  compare(t, known, reveal)
  keepStep(t, name, { ...known, reveals: new Map(known.reveals).set(reveal.seat, reveal) })
}

/** Makes the own part that a member should have, where this one's run came to what is final. */
function compare(t: OwnTurn, step: StepWork, reveal: Opened<Reveal>): undefined {
  const { context, self } = t.work
  const { ran, final, isDrawn, batch, owns } = step
  if (ran === undefined || final === undefined || !isDrawn || !isFinalRun(step)) return
  const key = reveal.value.from
  if (sameBytes(key, self.publicKey)) return
  const { transcript } = ran
  const own = transcript === undefined ? owns?.get(reveal.seat) : ownPart(transcript, { ...context, step: final.step, batch, key })
  if (own === undefined) return
  if (sameBytes(reveal.value.answer.own, own)) return countOwn(t, 'OWN_PART_RIGHT')
  claim(t, 'own-part', [reveal.envelope])
  challenge(t, reveal) // it may show what it ran: a reason that this member can't know
}
