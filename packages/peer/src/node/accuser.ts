import type { Block, BlockStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  type JobId,
  keyOfPeerId,
  type NetworkId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { type Accusation, accusationId, accusationMessage } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import type { NetworkState } from '../network/index.js'
import { neededFor } from './accusation-needs.js'
import type { PeerLog } from './log.js'

/** Accusations that this peer has brought or brings, of all its sites: more are counted. */
const BROUGHT_MAX = 32
/** Of what took longer than this part of the time that jurors have nobody is accused: their machines may be slower, and who has them run what does not end pays. */
const ANSWER_PART = 8

export interface AccuserSurroundings {
  readonly signer: Signer
  readonly network: NetworkId
  readonly store: Pick<BlockStore, 'put' | 'has' | 'get'>
  /** Hands the chain a transaction: once more changes nothing. */
  readonly submit: (transaction: Uint8Array) => void
  /** How long jurors may run, in ms. */
  readonly answerMs: () => number
  readonly count: (code: string) => void
  readonly log: PeerLog
}
/** What this peer found out about a fellow member by running it itself. */
export interface Charge {
  readonly job: JobId
  /** The one that is open, or was until lately: its members are whom the jury is asked about. */
  readonly epoch: number
  readonly accused: PeerId
  readonly kind: Accusation['kind']
  readonly evidence: Uint8Array
  /** What jurors run, where they can't have it otherwise. */
  readonly blocks?: readonly Block[]
  /** What jurors fetch, each with all below it: it stays here until they have judged. */
  readonly needed: readonly ContentId[]
  /** What this peer took to run it, in ms; infinite where it does not know any more. */
  readonly ranMs: number
}
interface Brought extends Pick<Charge, 'job' | 'epoch'> {
  /** Undefined: before a restart, and the chain has it. */
  readonly transaction: Uint8Array | undefined
  readonly kept: readonly ContentId[]
}

/**
 * Brings what only a run can show to a jury (docs/protocol/jury.md, 47): offered with every block until one has it or the chain takes none of its epoch any more. Evidence and state stay in the store until the case is,
 * also over a restart: who can't show them pays the jury. What no block had before one is not brought again: who lies once lies again, and others noticed too.
 */
export class Accuser {
  readonly #around: AccuserSurroundings
  readonly #brought = new Map<string, Brought>()

  constructor(around: AccuserSurroundings) {
    this.#around = around
  }

  /** What the store has to keep. */
  *references(): Generator<ContentId> {
    for (const { kept } of this.#brought.values()) yield* kept
  }

  /** One of each pair and epoch. Never rejects. */
  async bring(charge: Charge): Promise<void> {
    const { signer, network, store, submit, answerMs, count, log } = this.#around
    const { job, epoch, accused, kind, evidence, blocks = [], needed, ranMs } = charge
    const id = hexOf(accusationId(network, { job, epoch, accuser: signer.peerId, accused }))
    if (this.#brought.has(id)) return
    if (this.#brought.size >= BROUGHT_MAX) return count('ACCUSATION_DROPPED')
    // who can't show what it says calls the jury in vain
    if (needed.some((cid) => !store.has(cid))) return count('ACCUSATION_GONE')
    if (ANSWER_PART * ranMs > answerMs()) return count('ACCUSATION_SLOW')
    const cid = contentIdOf(evidence, 'raw')
    const value = {
      job: bytesOfContentId(job),
      epoch,
      from: signer.publicKey,
      accused: keyOfPeerId(accused),
      kind,
      evidence: sha256(evidence),
    }
    const transaction = signMessage(accusationMessage, value, signer, network)
    this.#brought.set(id, { job, epoch, transaction, kept: [cid, ...blocks.map((block) => block.cid), ...needed] })
    try {
      await store.put([{ cid, bytes: evidence }, ...blocks])
    } catch (error) {
      this.#brought.delete(id)
      count('ACCUSATION_DROPPED')
      return log.warn({ err: error, job, accused }, 'evidence could not be kept, so no jury is called')
    }
    log.warn({ job, epoch, accused, kind }, 'this peer calls a jury: a member lied')
    count('ACCUSATION_BROUGHT')
    submit(transaction)
  }

  /** After each block. */
  onState({ jobs, accusations, closedEpochs }: Pick<NetworkState, 'jobs' | 'accusations' | 'closedEpochs'>): void {
    for (const one of accusations.values()) {
      const isOwn = one.outcome === 'open' && one.accuser === this.#around.signer.peerId
      if (!isOwn || this.#brought.has(one.id) || this.#brought.size >= BROUGHT_MAX) continue
      const { job, epoch } = one
      this.#brought.set(one.id, { job, epoch, transaction: undefined, kept: neededFor(one, jobs.get(job)?.manifest.runtime, this.#around) })
    }
    for (const [id, { job, epoch, transaction }] of this.#brought) {
      const known = accusations.get(id)
      if (known?.outcome === 'open') continue
      const entry = jobs.get(job)
      // one that is over may be accused in for some time, where a jury could be drawn for it
      const isClosed = closedEpochs.get(job)?.epoch === epoch
      const isOver = entry?.state !== 'running' || (entry.epoch.number > epoch && !isClosed)
      // in a network with too few outsiders nobody judges
      const isJudged = isClosed || (entry !== undefined && entry.epoch.jurors >= entry.epoch.members.length)
      const isOffered = known === undefined && transaction !== undefined
      if (isOver) this.#brought.delete(id)
      else if (isOffered && isJudged) this.#around.submit(transaction)
      else if (isOffered) this.#brought.set(id, { job, epoch, transaction: undefined, kept: [] }) // not again in this epoch
      if (isOffered && isOver) this.#around.count('ACCUSATION_LATE')
      else if (isOffered && !isJudged) this.#around.count('ACCUSATION_UNJUDGED')
    }
  }
}
