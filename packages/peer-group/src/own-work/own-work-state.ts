import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import { sha256 } from '@interpeer/crypto-ids'
import type { Answer, Reveal } from '../messages.js'
import type { GroupContext, Opened, Verifier } from '../verifier.js'
import type { OwnWorkSettings } from './settings.js'
import type { OwnFinding } from './verify-own.js'

/** What this member's run of a batch left. */
export interface OwnRan {
  readonly files: ContentId
  readonly responses: readonly ContentId[]
  readonly transcript: Uint8Array
}
/** One batch with requests. */
export interface StepWork {
  readonly batch: Uint8Array
  readonly ran: OwnRan | undefined
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
  /** By batch, the oldest first; at most `keptSteps`, and their transcripts at most `keptBytes`. */
  readonly steps: ReadonlyMap<string, StepWork>
  /** Reveals for steps that are not final here yet: of each seat the last for each of eight steps. */
  readonly early: ReadonlyMap<string, Opened<Reveal>>
  /** By seat: the open challenge of each other member. */
  readonly asked: ReadonlyMap<number, AskedChallenge>
  readonly repliedAtMs: ReadonlyMap<number, number>
  /** `SEAT KIND` that was claimed: once is enough. */
  readonly claimed: ReadonlySet<string>
  readonly wakeAtMs: number | undefined
}
export type OwnWorkEffect =
  | { readonly type: 'send'; readonly to: PeerId; readonly envelope: Uint8Array }
  /** A member lied about its own work; `evidence` is for `verifyOwnFault`. Once for each member and kind. */
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

/** The latest step of each name; the oldest go where there are too many. */
export function keepStep(t: OwnTurn, name: string, step: StepWork): void {
  const { keptSteps, keptBytes } = t.work.settings
  const steps = new Map(t.work.steps).set(name, step)
  const bytesOf = ({ ran }: StepWork) => ran?.transcript.length ?? 0
  let bytes = [...steps.values()].reduce((sum, one) => sum + bytesOf(one), 0)
  for (const [oldest, one] of steps) {
    if (steps.size <= 1 || (steps.size <= keptSteps && bytes <= keptBytes)) break
    steps.delete(oldest)
    bytes -= bytesOf(one)
  }
  t.work = { ...t.work, steps }
}
