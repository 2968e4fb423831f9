import { type ContentId, type PeerId, peekMessageNumber } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { isRunOf, NOTHING_RAN } from './answer.js'
import type { ExecutionResult, GroupEffect, StateEvent } from './api.js'
import { type KnownBatch, runsNothing, seedAlpha } from './batch.js'
import { type CertifiedStep, readCertificate } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { executionOf } from './execution.js'
import { finalMessage } from './messages.js'
import { GROUP_DEFAULTS } from './settings.js'
import { type GroupState, nextState, readState } from './state-block.js'
import { createVerifier, type GroupContext, type Verification, type Verifier } from './verifier.js'

/** A newcomer between the naming and its seat: it runs what the old group certifies on its own copy, and compares. */
export interface Shadow {
  readonly verifier: Verifier
  readonly requestsKeptMs: number
  /** The last step seen. */
  readonly last: CertifiedStep | undefined
  /** What it holds: the state after step `held.step`. */
  readonly held: { readonly step: number; readonly state: GroupState } | undefined
  readonly running: CertifiedStep | undefined
  /** Steps whose answer it reached itself. */
  readonly matched: number
}
export type ShadowEvent =
  /** An old member's `group-final`. */
  | { readonly type: 'message'; readonly envelope: Uint8Array }
  | StateEvent
  | { readonly type: 'executed'; readonly batch: Uint8Array; readonly from: ContentId; readonly result: ExecutionResult }
export type ShadowEffect =
  | Extract<GroupEffect, { type: 'fetch-state' | 'store' | 'count' | 'execute' }>
  | { readonly type: 'matched' | 'mismatched'; readonly step: number; readonly state: ContentId }
export interface ShadowStep {
  readonly state: Shadow
  readonly effects: readonly ShadowEffect[]
}

/** `context`: of the old epoch. */
export function openShadow(
  context: GroupContext,
  requestsKeptMs: number = GROUP_DEFAULTS.requestsKeptMs,
  verification?: Verification,
): Shadow {
  const verifier = createVerifier(context, verification)
  return { verifier, requestsKeptMs, last: undefined, held: undefined, running: undefined, matched: 0 }
}

/**
 * Moves a shadow by one event. The bodies of an `execute` are to be fetched first, from the old members. Never throws on what comes from outside.
 */
export function stepShadow(shadow: Shadow, event: ShadowEvent): ShadowStep {
  try {
    if (event.type === 'message') return onFinal(shadow, event.envelope)
    return event.type === 'state' ? onState(shadow, event) : onExecuted(shadow, event.batch, event.result)
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return { state: shadow, effects: [{ type: 'count', code: error.code }] }
  }
}

function onFinal(shadow: Shadow, envelope: Uint8Array): ShadowStep {
  const { verifier } = shadow
  const opened = peekMessageNumber(envelope) === finalMessage.number ? verifier.open(finalMessage, envelope) : 'MESSAGE_UNKNOWN'
  if (typeof opened === 'string') return { state: shadow, effects: [{ type: 'count', code: opened }] }
  const certified = readCertificate(opened.value.certificate, opened.value.batch, verifier)
  if (certified.step <= (shadow.last?.step ?? 0)) return { state: shadow, effects: [] }
  const state = { ...shadow, last: certified }
  if (shadow.running !== undefined) return { state, effects: [] }
  const { held } = shadow
  if (held === undefined || held.state.root !== certified.start) return { state, effects: [fetch(certified)] }
  const { batch } = certified
  if (runsNothing(batch, held.state) || leavesState(certified)) {
    return compare(state, certified, { type: 'ran', files: held.state.files, ...NOTHING_RAN })
  }
  const seed = seedFor(verifier, batch)
  if (seed === undefined) return { state, effects: [fetch(certified)] }
  const execute: ShadowEffect = { type: 'execute', ...executionOf(batch, held.state, seed) }
  return { state: { ...state, running: certified }, effects: [execute] }
}

function onState(shadow: Shadow, { block, pages }: StateEvent): ShadowStep {
  const state = readState(block, pages)
  const { last } = shadow
  if (last === undefined || state.root !== last.state) return { state: shadow, effects: [{ type: 'count', code: 'STATE_OTHER' }] }
  return { state: { ...shadow, held: { step: last.step, state } }, effects: [] }
}

function onExecuted(shadow: Shadow, hash: Uint8Array, result: ExecutionResult): ShadowStep {
  const { running } = shadow
  if (running === undefined || !sameBytes(running.batch.hash, hash)) return { state: shadow, effects: [] }
  return compare({ ...shadow, running: undefined }, running, result)
}

function compare(shadow: Shadow, certified: CertifiedStep, result: ExecutionResult): ShadowStep {
  const { held, last } = shadow
  const { step, state: root, batch } = certified
  if (held === undefined || result.type !== 'ran' || result.responses.length !== batch.requests.length) {
    return { state: { ...shadow, held: undefined }, effects: last === undefined ? [] : [fetch(last)] }
  }
  if (leavesState(certified)) {
    return {
      state: { ...shadow, held: { step, state: held.state }, matched: shadow.matched + 1 },
      effects: [{ type: 'matched', step, state: root }],
    }
  }
  const { state, blocks } = nextState(held.state, batch, result.files, result.responses, shadow.requestsKeptMs, result.agenda)
  const behind: ShadowEffect[] = last !== undefined && last.step > step ? [fetch(last)] : []
  if (!isRunOf(certified.answer, state.root, result)) {
    return { state: { ...shadow, held: undefined }, effects: [{ type: 'mismatched', step, state: root }, fetch(last ?? certified)] }
  }
  return {
    state: { ...shadow, held: { step, state }, matched: shadow.matched + 1 },
    effects: [{ type: 'store', blocks }, { type: 'matched', step, state: root }, ...behind],
  }
}

/** A closing batch, or what a frozen group repeats. */
const leavesState = ({ state, start, batch }: CertifiedStep): boolean =>
  state === start && batch.requests.length + batch.value.events.length === 0

const fetch = ({ state, agreed }: CertifiedStep): ShadowEffect => ({ type: 'fetch-state', root: state, from: agreed as readonly PeerId[] })

function seedFor({ context, verification }: Verifier, { value }: KnownBatch): Uint8Array | undefined {
  return verification.vrfVerify(value.collator, seedAlpha(context.network, context.job, value.epoch, value.step), value.proof)
}
