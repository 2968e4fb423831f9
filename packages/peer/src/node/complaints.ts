import type { RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, type JobId, jobIdOf, keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import {
  type DisputeContext,
  disputeMessage,
  type GroupSetup,
  PeerGroupError,
  type Verification,
  verifyDispute,
  writeTwoMessages,
} from '@interpeer/peer-group'
import { type Evidence, evidenceMessage, standingFor } from '@interpeer/vote-chain'
import { hexOf, WireError } from '@interpeer/wire-codec'
import type { NetworkState } from '../network/index.js'
import type { Accuser } from './accuser.js'
import type { PeerLog } from './log.js'

/** Accounts that this peer has evidence against at once, and disputes that it waits for a block to take: more are counted. */
const ACCUSED_MAX = 64
const DISPUTES_MAX = 16
/** Blocks in which something is offered: as long as a pool keeps it, several times over. What no block took by then, none will. */
const OFFERED_BLOCKS = 128

export interface ComplaintsDesk {
  /** Evidence that waits for a block, by account. */
  readonly records: RecordStore
  readonly verification: Verification
  /** Hands the chain a transaction: once more changes nothing. */
  readonly submit: (transaction: Uint8Array) => void
  readonly count: (code: string) => void
  readonly log: PeerLog
  /** Disputes that the chain takes in parts, or that are told once only, by id, until it has one or can't take it any more. */
  readonly disputeRecords: RecordStore
  /** A dispute as the chain takes it, the same each time. Left out: whole. */
  readonly inParts?: ((dispute: Uint8Array, of: { readonly job: JobId; readonly epoch: number }) => readonly Uint8Array[]) | undefined
  /** Brings what is too long for the chain to a jury. Left out: nobody does. */
  readonly accuser?: Pick<Accuser, 'bring'> | undefined
}
interface Brought {
  readonly job: JobId
  readonly epoch: number
  /** The dispute, or its parts in order. */
  readonly transactions: readonly Uint8Array[]
  /** It has a place on the disk: in parts, or told once only. */
  readonly isRecorded: boolean
  /** It is there, if it has one. Before that none of it is offered, for the chain takes the rest of no other one. */
  isKept: boolean
  blocks: number
}

/**
 * What this peer noticed and only the chain can act on: proof that an account signed what no honest peer signs, and disputes about its groups' steps. Each is offered
 * with every block until one has it, or it is of no use any more. Evidence is on the disk until then, and so are disputes in parts: the group's own record tells a dispute again after a restart,
 * but with what else came meanwhile, and so in other bytes.
 */
export class Complaints {
  readonly #desk: ComplaintsDesk
  readonly #evidence: Map<PeerId, Uint8Array>
  /** How many blocks went by since a piece was first offered, by account. */
  readonly #waited = new Map<PeerId, number>()
  readonly #disputes: Map<string, Brought>

  constructor(desk: ComplaintsDesk) {
    this.#desk = desk
    this.#evidence = this.#read()
    this.#disputes = this.#readDisputes()
  }

  /** Of members of a group, or of voters on blocks (null): proven by the envelopes alone. One piece for each account is enough. */
  accuse(
    of: Pick<GroupSetup, 'job' | 'epoch'> | null,
    { peer, evidence }: { readonly peer: PeerId; readonly evidence: readonly Uint8Array[] },
  ): void {
    if (this.#evidence.has(peer)) return
    if (this.#evidence.size >= ACCUSED_MAX) {
      this.#desk.count('EVIDENCE_DROPPED')
      return
    }
    const place = of === null ? { job: null, epoch: 0 } : { job: bytesOfContentId(of.job), epoch: of.epoch }
    const transaction = this.#written({ ...place, peer: keyOfPeerId(peer), envelopes: [...evidence] })
    if (transaction === undefined) {
      this.#bring(of, peer, evidence)
      return
    }
    this.#evidence.set(peer, transaction)
    this.#write(() => this.#desk.records.put([[peer, transaction]]))
    this.#desk.submit(transaction)
  }

  /** Two messages that the chain does not take may still fit a block, and jurors see them there. */
  #bring(of: Pick<GroupSetup, 'job' | 'epoch'> | null, accused: PeerId, envelopes: readonly Uint8Array[]): void {
    const { accuser, count } = this.#desk
    const evidence = of === null || envelopes.length !== 2 ? undefined : writeTwoMessages(envelopes)
    if (of === null || evidence === undefined || accuser === undefined) count('EVIDENCE_UNFIT')
    else void accuser.bring({ job: of.job, epoch: of.epoch, accused, kind: 'two-signed', evidence, needed: [], ranMs: 0 })
  }

  /** Undefined where it is longer than the chain takes: whoever signs two messages chooses how long they are. */
  #written(evidence: Evidence): Uint8Array | undefined {
    try {
      return evidenceMessage.encode(evidence)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return undefined
    }
  }

  /**
   * A group's dispute, where it holds: one that does not would only be refused.
   * @param isToldOnce the group's record does not tell it again after a restart
   */
  dispute(context: DisputeContext, bytes: Uint8Array, isToldOnce = false): void {
    const { count, verification, log } = this.#desk
    let id: string
    try {
      id = hexOf(verifyDispute(bytes, context, verification).id)
    } catch (error) {
      if (!(error instanceof PeerGroupError)) throw error
      log.warn({ err: error, job: context.job, epoch: context.epoch }, 'a dispute is not brought: it does not hold by itself')
      count('DISPUTE_UNFIT')
      return
    }
    const known = this.#disputes.get(id)
    if (known === undefined && this.#disputes.size >= DISPUTES_MAX) {
      count('DISPUTE_DROPPED')
      return
    }
    // told again it may have other bytes, of which the chain takes no part while it has one of the first
    this.#offer(known ?? this.#begin(id, bytes, context, isToldOnce))
  }

  #begin(id: string, bytes: Uint8Array, of: { readonly job: JobId; readonly epoch: number }, isToldOnce: boolean): Brought {
    const transactions = this.#desk.inParts?.(bytes, of) ?? [bytes]
    const isRecorded = isToldOnce || transactions.length > 1
    const one = { job: of.job, epoch: of.epoch, transactions, isRecorded, isKept: !isRecorded, blocks: 0 }
    this.#disputes.set(id, one)
    if (one.isKept) return one
    const put = this.#desk.disputeRecords.put([[id, bytes]])
    this.#write(() =>
      put.finally(() => {
        one.isKept = true
        if (this.#disputes.get(id) === one) this.#offer(one)
      }),
    )
    return one
  }

  #offer({ transactions, isKept }: Brought): void {
    if (isKept) for (const one of transactions) this.#desk.submit(one)
  }

  /** After each block: what it did not take is offered again. */
  onState({ registry, jobs, disputes }: Pick<NetworkState, 'registry' | 'jobs' | 'disputes'>): void {
    const { submit } = this.#desk
    for (const [peer, transaction] of this.#evidence) {
      const standing = standingFor(registry, peer)?.standing
      const waited = (this.#waited.get(peer) ?? 0) + 1
      this.#waited.set(peer, waited)
      const isOver = standing === 'terminated' || standing === undefined || waited > OFFERED_BLOCKS
      if (isOver || !this.#isOfUse(transaction, jobs)) this.#forget(peer)
      else submit(transaction)
    }
    for (const [id, one] of this.#disputes) {
      const entry = jobs.get(one.job)
      // while the chain has not carried out the closing before that epoch, it can't take it
      const isTooEarly = entry !== undefined && entry.epoch.number < one.epoch
      const isTooLate = !isTooEarly && one.blocks++ >= OFFERED_BLOCKS
      const isOver = entry?.state !== 'running' || entry.epoch.number > one.epoch || disputes.has(id) || isTooLate
      if (!isOver) this.#offer(one)
      else {
        this.#disputes.delete(id)
        if (one.isRecorded) this.#write(() => this.#desk.disputeRecords.delete([id]))
      }
    }
  }

  /** Four envelopes prove something only while their epoch's members stand in the chain. */
  #isOfUse(transaction: Uint8Array, jobs: NetworkState['jobs']): boolean {
    const { job, epoch, envelopes } = evidenceMessage.decode(transaction)
    return job === null || envelopes.length < 4 || (jobs.get(jobIdOf(contentIdOfBytes(job)))?.epoch.number ?? 0) <= epoch
  }

  #forget(peer: PeerId): void {
    this.#evidence.delete(peer)
    this.#waited.delete(peer)
    this.#write(() => this.#desk.records.delete([peer]))
  }

  /** What can't be written is still offered until this peer stops. */
  #write(write: () => Promise<void>): void {
    write().catch((error: unknown) => {
      this.#desk.count('EVIDENCE_NOT_KEPT')
      this.#desk.log.warn({ err: error }, 'evidence could not be kept on the disk')
    })
  }

  #read(): Map<PeerId, Uint8Array> {
    const found = new Map<PeerId, Uint8Array>()
    const { records, count } = this.#desk
    for (const key of records.keys('')) {
      if (found.size >= ACCUSED_MAX) break
      try {
        const transaction = records.get(key)
        if (transaction !== undefined) found.set(peerIdOfKey(evidenceMessage.decode(transaction).peer), transaction)
      } catch {
        count('EVIDENCE_UNREADABLE') // others noticed it too; what else is there can still be of use
      }
    }
    return found
  }

  /** What it began to bring before a restart. */
  #readDisputes(): Map<string, Brought> {
    const found = new Map<string, Brought>()
    const { disputeRecords, inParts, count } = this.#desk
    const useless: string[] = []
    for (const id of disputeRecords.keys('')) {
      try {
        const bytes = disputeRecords.get(id)
        if (bytes === undefined) continue
        if (found.size >= DISPUTES_MAX) {
          count('DISPUTE_DROPPED')
          useless.push(id)
          continue
        }
        const { job: named, epoch } = disputeMessage.decode(bytes)
        const job = jobIdOf(contentIdOfBytes(named))
        found.set(id, { job, epoch, transactions: inParts?.(bytes, { job, epoch }) ?? [bytes], isRecorded: true, isKept: true, blocks: 0 })
      } catch {
        count('EVIDENCE_UNREADABLE')
        useless.push(id)
      }
    }
    // nothing else would ever take them away
    if (useless.length > 0) this.#write(() => disputeRecords.delete(useless))
    return found
  }
}
