import type { Signer } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { Application } from './application.js'
import { decodeBlock, encodeBody, headerMessage } from './block.js'
import { beginTip, checkBlock } from './candidate.js'
import { blockingOf, leadersOf, quorumOf } from './electorate.js'
import { ChainError } from './errors.js'
import type { Genesis } from './genesis.js'
import { openVote } from './messages.js'
import { onProposal } from './receive.js'
import { ownOf, readRecord } from './record.js'
import { startRound } from './rounds.js'
import type { ChainStep, Draft, Fixed, Tip } from './state.js'
import { finish } from './step.js'
import { createVerification, type Verification } from './verification.js'
import { addVote } from './votes.js'

export interface ChainOptions<S> {
  readonly genesis: Genesis
  readonly application: Application<S>
  /** A peer of the genesis votes; anyone else observes. */
  readonly signer: Signer
  /** The bytes of every `block` effect there was, from height 1 on. */
  readonly blocks: Iterable<Uint8Array>
  /** The bytes of the last `persist` effect, if there was one. */
  readonly record: Uint8Array | undefined
  readonly nowMs: number
  /** Machines in one process may share what they verified. */
  readonly verification?: Verification
}

/**
 * Opens the chain from its genesis and what a peer has on disk. Stored blocks were verified before they were stored, so only their
 * chaining and their data are checked again, not their signatures.
 * @throws {ChainError} STORED_BLOCK_WRONG, STORED_RECORD_WRONG
 */
export function openChain<S>({ genesis, application, signer, blocks, record, nowMs, verification }: ChainOptions<S>): ChainStep<S> {
  const electors = genesis.peers
  const fixed: Fixed<S> = {
    network: genesis.network,
    genesis,
    application,
    signer,
    verification: verification ?? createVerification(genesis.network),
    electors,
    quorum: quorumOf(electors.length),
    blocking: blockingOf(electors.length),
    votes: electors.includes(signer.peerId),
  }
  let tip = beginTip(fixed, leadersOf(electors, genesis.seed, 1))
  for (const stored of blocks) tip = nextTip(fixed, tip, stored)
  const d: Draft<S> = {
    fixed,
    tip,
    silentBelow: 0,
    round: 0,
    phase: 'wait',
    locked: undefined,
    highest: undefined,
    own: [],
    proposals: new Map(),
    votes: new Map(),
    candidates: new Map(),
    deadlines: { follow: nowMs },
    pool: new Map(),
    followers: new Map(),
    served: new Map(),
    asked: new Map(),
    nowMs,
    wakeAtMs: undefined,
    effects: [],
  }
  if (record !== undefined) resume(d, record)
  return finish(d)
}

function nextTip<S>(fixed: Fixed<S>, tip: Tip<S>, stored: Uint8Array): Tip<S> {
  try {
    const { header, body, certificate } = decodeBlock(stored)
    const { state, hash } = checkBlock(fixed, tip, headerMessage.encode(header), encodeBody(body), true)
    const leaders = leadersOf(fixed.electors, header.seed, header.height + 1)
    return { height: header.height, hash, seed: header.seed, timeMs: header.timeMs, certificate, header, state, leaders }
  } catch (cause) {
    throw new ChainError({ code: 'STORED_BLOCK_WRONG', height: tip.height + 1, reason: String(cause).slice(0, 200) }, { cause })
  }
}

/** Goes on where the record says: the same round, the same lock, and the same bytes for what was signed. */
function resume<S>(d: Draft<S>, bytes: Uint8Array): void {
  const record = readRecord(bytes)
  const height = d.tip.height + 1
  if (record.height < height) return
  d.silentBelow = record.height + 1
  if (record.height > height) return
  d.silentBelow = record.height
  d.locked = record.locked ?? undefined
  d.highest = record.highest ?? undefined
  d.own = ownOf(record)
  startRound(d, Math.max(0, ...d.own.map(({ round }) => round)))
  for (const envelope of record.candidates) onProposal(d, d.fixed.signer.peerId, envelope)
  for (const own of d.own) {
    if (own.proposal !== undefined) onProposal(d, d.fixed.signer.peerId, own.proposal)
    for (const envelope of [own.soft, own.certify]) {
      if (envelope === undefined) continue
      const vote = openVote(envelope, d.fixed.verification.opener)
      addVote(d, d.fixed.signer.peerId, { ...vote, block: vote.block === null ? null : hexOf(vote.block) }, envelope)
    }
    if (own.round === d.round && own.soft !== undefined) d.phase = 'soft'
    if (own.round === d.round && own.certify !== undefined) d.phase = 'certify'
  }
  d.effects.splice(0)
}
