import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { answerOf, isWithinLimits, matches } from '../answer.js'
import type { Execution, ExecutionResult } from '../api.js'
import { type KnownBatch, namingOf, runsNothing } from '../batch.js'
import { executionOf } from '../execution.js'
import { type Reveal, revealMessage } from '../messages.js'
import { isOwnWork } from '../own-work/verify-own.js'
import { GROUP_DEFAULTS } from '../settings.js'
import { type GroupState, nextState } from '../state-block.js'
import { createVerifier, type GroupContext, type Verification } from '../verifier.js'
import type { AccusedPair } from './accusation.js'
import type { AccusationFinding } from './accusation-messages.js'
import { batchSeed, readFetched } from './case-batch.js'

/** A member's own part that is said not to be that of the execution: what to run, and on what. */
export interface OwnAccusation {
  readonly reveal: Reveal
  /** SHA-256 of the batch: its members give its bytes. */
  readonly batch: Uint8Array
  /** The group state that the reveal says it began from. */
  readonly start: ContentId
}
/** What a juror has to run; or that there is nothing to run, so that nothing could be shown. */
export type OwnTrial = { readonly batch: KnownBatch; readonly state: GroupState; readonly execution: Execution }

/** Evidence about an own part, if it is some of the accused. Undefined: the finding is `unfit`. */
export function openOwnAccusation(
  evidence: Uint8Array,
  { accused }: Pick<AccusedPair, 'accused'>,
  context: GroupContext,
  verification?: Verification,
): OwnAccusation | undefined {
  const opened = createVerifier(context, verification).open(revealMessage, evidence)
  if (typeof opened === 'string' || context.members[opened.seat] !== accused) return undefined
  const { value } = opened
  return { reveal: value, batch: value.batch, start: contentIdOfBytes(value.start) }
}

/** What the batch is to be run as. Undefined where the bytes are not the batch, or no script would run: the finding is `unfit`. */
export function ownTrialOf(
  { batch: hash }: OwnAccusation,
  bytes: Uint8Array,
  state: GroupState,
  context: GroupContext,
  verification?: Verification,
): OwnTrial | undefined {
  const batch = readFetched(bytes).known
  if (batch === undefined || !sameBytes(batch.hash, hash) || !sameBytes(batch.value.job, bytesOfContentId(context.job))) return undefined
  const seed = batchSeed(batch, createVerifier(context, verification))
  if (seed === undefined || runsNothing(batch, state) || batch.value.closing) return undefined
  return { batch, state, execution: executionOf(batch, state, seed) }
}

/** What a juror finds whose own run came to this: `unfit` where the accused says something else in all, which is a dissent and judged as one. */
export function findingOfOwn(
  { reveal }: OwnAccusation,
  { batch, state }: OwnTrial,
  result: ExecutionResult,
  context: GroupContext,
): AccusationFinding {
  if (result.type !== 'ran' || result.responses.length !== batch.requests.length || !isWithinLimits(result)) return 'undecided'
  const after = nextState(state, batch, result.files, result.responses, GROUP_DEFAULTS.requestsKeptMs, result.agenda).state
  const place = { ...context, step: reveal.step, rank: 0, batch: batch.hash, key: reveal.from }
  const answer = answerOf(after.root, result, namingOf(batch.value, context.epoch), place)
  if (!matches(answer, reveal.answer)) return 'unfit'
  return isOwnWork(reveal, context, { answer, transcript: result.transcript }) ? 'accuser-lied' : 'accused-lied'
}
