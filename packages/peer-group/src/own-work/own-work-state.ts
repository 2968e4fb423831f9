import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import { keyOfPeerId, sha256 } from '@interpeer/crypto-ids'
import type { Answer, Reveal } from '../messages.js'
import type { GroupContext, Opened, Verifier } from '../verifier.js'
import { ownPart } from './own-part.js'
import type { OwnWorkSettings } from './settings.js'
import type { OwnFinding } from './verify-own.js'

/** What this member's run of a batch left. */
export interface OwnRan {
  readonly files: ContentId
  readonly responses: readonly ContentId[]
  readonly transcript: Uint8Array
}
/** One batch with requests or events. */
export interface StepWork {
  readonly batch: Uint8Array
  /** Its transcript goes when later ones take its room. */
  readonly ran: (Omit<OwnRan, 'transcript'> & { readonly transcript: Uint8Array | undefined }) | undefined
  /** By seat, from then on: what those should reveal that have not by then. */
  readonly owns?: ReadonlyMap<number, Uint8Array>
  readonly final:
    | { readonly step: number; readonly answer: Answer; readonly files: ContentId; readonly responses: readonly ContentId[] }
    | undefined
  /** Whether the dice have it that all own parts are compared. */
  readonly isDrawn: boolean
  /** By seat: reveals whose common part is the final one. */
  readonly reveals: ReadonlyMap<number, Opened<Reveal>>
}
export interface AskedChallenge {
  readonly batch: Uint8Array
  readonly draws: readonly number[]
  readonly reveal: Opened<Reveal>
  readonly endsAtMs: number
}
export interface OwnWork {
  readonly context: GroupContext
  readonly settings: OwnWorkSettings
  readonly self: Signer
  readonly verifier: Verifier
  /** Secret: who knew what is drawn would keep only that. */
  readonly dice: { readonly seed: Uint8Array; readonly thrown: number }
  /** By batch, the oldest first; at most `keptSteps`, with transcripts of at most `keptBytes`. */
  readonly steps: ReadonlyMap<string, StepWork>
  /** By seat: the open challenge of each other member. */
  readonly asked: ReadonlyMap<number, AskedChallenge>
  readonly repliedAtMs: ReadonlyMap<number, number>
  readonly wakeAtMs: number | undefined
}
export type OwnWorkEffect =
  | { readonly type: 'send'; readonly to: PeerId; readonly envelope: Uint8Array }
  /** A member lied about its own work; `evidence` is for `verifyOwnFault`. Each time that it does: what can't be brought to a jury once may be the next time. */
  | { readonly type: 'claim'; readonly finding: OwnFinding; readonly evidence: readonly Uint8Array[] }
  /** Send the event `time` then; the latest one counts. */
  | { readonly type: 'wake'; readonly atMs: number }
  | { readonly type: 'count'; readonly code: string }

/** One event's work: what it changes, and what comes of it. */
export interface OwnTurn {
  work: OwnWork
  readonly nowMs: number
  readonly effects: OwnWorkEffect[]
}

export const countOwn = (t: OwnTurn, code: string): undefined => void t.effects.push({ type: 'count', code })

/** A number below 2³². */
export function throwDice(t: OwnTurn): number {
  const { seed, thrown } = t.work.dice
  t.work = { ...t.work, dice: { seed, thrown: thrown + 1 } }
  const hash = sha256(seed, Uint8Array.of(thrown >>> 24, thrown >>> 16, thrown >>> 8, thrown))
  return new DataView(hash.buffer, hash.byteOffset).getInt32(0) >>> 0
}

/** Whether this member's run came to what is final. */
export function isFinalRun({ ran, final }: StepWork): boolean {
  if (ran === undefined || final === undefined) return false
  return ran.files === final.files && ran.responses.join() === final.responses.join()
}

/** The latest step of each name; the oldest go where there are too many, and their transcripts where these are too long. */
export function keepStep(t: OwnTurn, name: string, step: StepWork): void {
  const { keptSteps, keptBytes } = t.work.settings
  const steps = new Map(t.work.steps).set(name, step)
  const bytesOf = ({ ran }: StepWork) => ran?.transcript?.length ?? 0
  let [bytes, left] = [[...steps.values()].reduce((sum, one) => sum + bytesOf(one), 0), steps.size]
  for (const [oldest, one] of steps) {
    if (--left === 0) break
    if (left >= keptSteps) steps.delete(oldest)
    else if (bytes <= keptBytes) break
    else steps.set(oldest, withoutTranscript(t, one))
    bytes -= bytesOf(one)
  }
  t.work = { ...t.work, steps }
}

/** Who waits until the transcript is gone, and then reveals what it made up, is found out all the same. */
function withoutTranscript({ work: { context, self } }: OwnTurn, step: StepWork): StepWork {
  const { ran, final, isDrawn, batch, reveals } = step
  if (ran?.transcript === undefined) return step
  const { transcript } = ran
  const owns = new Map<number, Uint8Array>()
  for (const [seat, peer] of context.members.entries()) {
    if (final === undefined || !isDrawn || reveals.has(seat) || peer === self.peerId || !isFinalRun(step)) continue
    owns.set(seat, ownPart(transcript, { ...context, step: final.step, batch, key: keyOfPeerId(peer) }))
  }
  return { ...step, ran: { ...ran, transcript: undefined }, owns }
}
