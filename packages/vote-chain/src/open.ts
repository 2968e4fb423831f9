import type { GetBlock } from '@interpeer/content-store'
import { peekPayload, peerIdOfKey, type Signer, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { Application } from './application.js'
import { decodeBlock, encodeBody, headerMessage } from './block.js'
import { beginTip, checkBlock, tipAfter } from './candidate.js'
import { readingCheckpoint } from './checkpoint.js'
import { ChainError } from './errors.js'
import type { Genesis } from './genesis.js'
import { beginGossip, GOSSIP, type GossipRules } from './gossip/gossip.js'
import { openVote, proposalMessage } from './messages.js'
import { keepCandidate } from './receive.js'
import { decidedOf, readRecord, reasonsIn } from './record.js'
import { enterRound, takeQuorums } from './rounds.js'
import type { ChainStep, Draft, Fixed, Tip } from './state.js'
import { finish } from './step.js'
import { createVerification, type Verification } from './verification.js'
import { addVote } from './votes.js'

export interface ChainOptions<S> {
  readonly genesis: Genesis
  readonly application: Application<S>
  /** A peer of the genesis votes; anyone else observes. */
  readonly signer: Signer
  /** The bytes of every `block` effect there was, from height 1 on; of those after the checkpoint, where one is given. */
  readonly blocks: Iterable<Uint8Array>
  /** A kept checkpoint, and its parts: the blocks before it are not needed. */
  readonly checkpoint?: { readonly bytes: Uint8Array; readonly get: GetBlock } | undefined
  /** The bytes of the last `persist` effect, if there was one. */
  readonly record: Uint8Array | undefined
  readonly nowMs: number
  /** Told of each tip on the way: the checkpoint's, and that of each block. */
  readonly onTip?: ((tip: Tip<S>) => void) | undefined
  /** Machines in one process may share what they verified. */
  readonly verification?: Verification
  /** Left out: the usual one. Each peer may have its own. */
  readonly gossip?: GossipRules
  /** Hashes of blocks that a checkpoint which is trusted shows: of them no certificates are needed, which others may have dropped. */
  readonly proven?: ((height: number) => Uint8Array | undefined) | undefined
}

/**
 * Opens the chain from its genesis and what a peer has on disk. Stored blocks were verified before they were stored, so only their
 * chaining and their data are checked again, not their signatures.
 * @throws {ChainError} STORED_BLOCK_WRONG, STORED_RECORD_WRONG; CHECKPOINT_WRONG: an older one, or none, may do
 */
export function openChain<S>(options: ChainOptions<S>): ChainStep<S> {
  const { genesis, application, signer, blocks, record, nowMs, verification, checkpoint, onTip, gossip = GOSSIP } = options
  const { proven = () => undefined } = options
  const { network } = genesis
  const fixed: Fixed<S> = {
    network,
    genesis,
    application,
    signer,
    verification: verification ?? createVerification(network),
    gossip,
    proven,
  }
  let tip = checkpoint === undefined ? beginTip(fixed) : tipOf(fixed, checkpoint)
  onTip?.(tip)
  for (const stored of blocks) {
    tip = nextTip(fixed, tip, stored)
    onTip?.(tip)
  }
  const d: Draft<S> = {
    fixed,
    tip,
    silentBelow: 0,
    round: 0,
    phase: 'wait',
    enteredMs: nowMs,
    reasons: {},
    decided: [],
    closed: false,
    lottery: undefined,
    place: undefined,
    proposed: undefined,
    ownBlock: undefined,
    proposals: new Map(),
    heard: new Map(),
    votes: new Map(),
    candidates: new Map(),
    refused: new Set(),
    deadlines: { follow: nowMs },
    pool: new Map(),
    useless: new Map(),
    falseBlocks: new Map(),
    followers: new Map(),
    served: new Map(),
    asked: new Map(),
    handed: new Map(),
    gossip: beginGossip(nowMs),
    pulls: new Map(),
    wanted: new Map(),
    certifiers: undefined,
    nowMs,
    wakeAtMs: undefined,
    effects: [],
  }
  if (record !== undefined) resume(d, record)
  return finish(d)
}

function tipOf<S>(fixed: Fixed<S>, { bytes, get }: NonNullable<ChainOptions<S>['checkpoint']>): Tip<S> {
  const read = readingCheckpoint(fixed, bytes).next(get)
  if ('missing' in read) throw new ChainError({ code: 'CHECKPOINT_WRONG', reason: 'state' })
  return read.tip
}

function nextTip<S>(fixed: Fixed<S>, tip: Tip<S>, stored: Uint8Array): Tip<S> {
  try {
    const { header, body, certificate } = decodeBlock(stored)
    return tipAfter(tip, checkBlock(fixed, tip, headerMessage.encode(header), encodeBody(body), 'stored'), certificate)
  } catch (cause) {
    throw new ChainError({ code: 'STORED_BLOCK_WRONG', height: tip.height + 1, reason: String(cause).slice(0, 200) }, { cause })
  }
}

/** Goes on where the record says: the same round, held to the same decisions, with the same bytes for what was signed. */
function resume<S>(d: Draft<S>, bytes: Uint8Array): void {
  const record = readRecord(bytes)
  const height = d.tip.height + 1
  if (record.height < height) return
  d.silentBelow = record.height + 1
  if (record.height > height) return
  d.silentBelow = record.height
  d.decided = decidedOf(record)
  for (const envelope of record.candidates) restoreCandidate(d, envelope)
  d.ownBlock = record.ownBlock === null ? undefined : hexOf(record.ownBlock)
  enterRound(d, record.round, reasonsIn(record))
  d.closed = record.closed
  d.proposed = record.proposed ?? undefined
  if (d.proposed?.round === d.round && d.place !== undefined) {
    const block = nameOfProposed(d.proposed.envelope)
    const { envelope } = d.proposed
    if (block !== undefined) d.proposals = new Map(d.proposals).set(d.round, { block, ...d.place, envelope })
  }
  for (const { envelope, ...decided } of d.decided) {
    if (envelope !== undefined) addVote(d, peerIdOfKey(openVote(envelope, d.fixed.verification.opener).voter), decided, envelope)
  }
  takeQuorums(d)
  d.effects.splice(0)
}

function nameOfProposed(envelope: Uint8Array): string | undefined {
  const payload = peekPayload(envelope)
  return payload === undefined ? undefined : hexOf(sha256(proposalMessage.decode(payload).header))
}
/**
 * A block of the record: this peer put it there, so only whether it still fits is looked at. Not its time: this host's clock may have been set back since, and
 * who forgot its own block would make another.
 */
function restoreCandidate<S>(d: Draft<S>, envelope: Uint8Array): void {
  const payload = peekPayload(envelope)
  if (payload === undefined) return
  const proposal = proposalMessage.decode(payload)
  const hash = sha256(proposal.header)
  keepCandidate(d, proposal, envelope, hash, hexOf(hash), 'whenever')
}
