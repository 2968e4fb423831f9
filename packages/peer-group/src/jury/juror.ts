import { type ContentId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import type { ExecutionResult } from '../api.js'
import { PeerGroupError } from '../errors.js'
import { type GroupState, readState } from '../state-block.js'
import { createVerifier, type Verification } from '../verifier.js'
import { readFetched } from './case-batch.js'
import { ranFrom } from './dispute.js'
import { askForBodies } from './fetch.js'
import type { Juror, JurorEvent, JurorSetup, JurorStep, JurorTurn } from './juror-api.js'
import { advance, count, FIRST_PAUSE_MS, finish, nextStep, requestsOf } from './juror-case.js'
import { readJurorRecord } from './juror-record.js'
import { isSpare, spareRequestsOf } from './relief.js'
import { stepsShown } from './walk-back.js'

/**
 * Begins to judge, or goes on after a restart with its record: a verdict that was signed is sent again, byte for byte.
 * @throws {PeerGroupError} JURY_INVALID: `self` is no juror; RECORD_UNREADABLE
 */
export function openJuror(setup: JurorSetup, self: Signer, nowMs: number, record?: Uint8Array, verification?: Verification): JurorStep {
  const { context, dispute, jury } = setup
  if (!jury.includes(self.peerId) || (context.members.includes(self.peerId) && setup.isOwn !== true)) {
    throw new PeerGroupError({ code: 'JURY_INVALID', reason: 'not a juror' })
  }
  const verifier = createVerifier(context, verification)
  const verdict = record === undefined ? undefined : readJurorRecord(record, dispute, self.peerId, verifier)
  const state: Juror = {
    setup,
    self,
    verifier,
    steps: stepsShown(dispute),
    passed: dispute.stretch !== undefined && dispute.stretch.through < dispute.step ? [{ step: dispute.step, batch: dispute.batch }] : [],
    startRoot: undefined,
    relieved: undefined,
    batches: new Map(),
    bodies: new Set(),
    held: undefined,
    late: nowMs >= setup.fetchUntilMs,
    running: false,
    handedOn: false,
    verdict,
    recorded: false,
    againAtMs: nowMs,
    againEveryMs: FIRST_PAUSE_MS,
  }
  return advance({ j: state, nowMs, effects: [] })
}

/** Moves a juror by one event. Never throws on what comes from outside: it counts. */
export function stepJuror(juror: Juror, event: JurorEvent): JurorStep {
  const turn: JurorTurn = { j: { ...juror }, nowMs: event.nowMs, effects: [] }
  const { j } = turn
  if (event.type === 'recorded') j.recorded = true
  else if (event.type === 'batch') takeBatch(turn, event.bytes)
  else if (event.type === 'bodies') takeBodies(turn, event.cids)
  else if (event.type === 'state') takeState(turn, event.block, event.pages)
  else if (event.type === 'executed') takeResult(turn, event.batch, event.from, event.result)
  return advance(turn)
}

/** The blocks that it needs, each with all below it: what it runs from, what it runs, and what it made. */
export function jurorReferences({ startRoot, held, steps, batches }: Juror): ReadonlySet<ContentId> {
  const found = new Set<ContentId>(startRoot === undefined ? [] : [startRoot])
  if (held !== undefined) found.add(held.state.root)
  for (const { batch } of steps) for (const { cid } of batches.get(hexOf(batch))?.known?.requests ?? []) found.add(cid)
  return found
}

function takeBatch(t: JurorTurn, bytes: Uint8Array): undefined {
  const { j } = t
  const hash = sha256(bytes)
  const name = hexOf(hash)
  if (j.batches.has(name)) return
  const isRun = j.steps.some(({ batch }) => sameBytes(batch, hash))
  const passed = j.passed.find(({ batch }) => sameBytes(batch, hash))
  if (!isRun && passed === undefined) return count(t, 'BATCH_UNWANTED')
  const fetched = readFetched(bytes)
  j.batches = new Map(j.batches).set(name, fetched)
  if (isRun || (passed !== undefined && isSpare(j, passed.step))) askForBodies(t, fetched.known?.requests ?? [])
}
function takeBodies(t: JurorTurn, cids: readonly ContentId[]): undefined {
  const wanted = new Set([...requestsOf(t.j), ...spareRequestsOf(t.j)].map(({ cid }) => cid))
  const known = cids.filter((cid) => wanted.has(cid))
  if (known.length < cids.length) count(t, 'BODY_UNWANTED')
  t.j.bodies = new Set([...t.j.bodies, ...known])
}
function takeState(t: JurorTurn, block: Uint8Array, pages: readonly Uint8Array[]): undefined {
  const { startRoot } = t.j
  let state: GroupState
  try {
    state = readState(block, pages)
  } catch (error) {
    if (error instanceof PeerGroupError) return count(t, error.code)
    throw error
  }
  if (state.root !== startRoot) return count(t, 'STATE_OTHER')
  t.j.held ??= { step: ranFrom(t.j.setup.dispute), state }
}
function takeResult(t: JurorTurn, hash: Uint8Array, from: ContentId, result: ExecutionResult): undefined {
  const { j } = t
  const next = nextStep(j)
  if (j.verdict !== undefined || !j.running || next === undefined || !sameBytes(next.batch, hash) || j.held?.state.files !== from) return
  j.running = false
  finish(t, next, result)
}
