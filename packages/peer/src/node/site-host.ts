import type { RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOf, openMessage, type PeerId, peekPayload, peerIdOfKey, sha256, signMessage, type Verified } from '@interpeer/crypto-ids'
import { finalMessage, type GroupContext, type GroupEvent, type GroupSettings, readBatch, readStateBlock, type RequestRef, type SiteReply, type SiteRequest, siteReply, siteRequest, verifyClosing } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { decodeServed, encodeServed, isLater, type ServedState } from '../served-state.js'
import { numberOf } from '../message-number.js'
import { readResponse, responseOf, type StoredResponse } from '../site-response-block.js'
import type { SiteView } from '../site-view.js'
import { holdDag } from './block-source.js'
import { type GroupListener, GroupShell, type Surroundings } from './group-shell.js'
import { STATE_METHOD } from './site-client.js'
import { scriptRequestOf } from './run-batch.js'
import { ShadowShell } from './shadow-shell.js'
import { WaitingWrites } from './waiting-writes.js'

const WRITE_WAIT_MS = 20_000
const CATCH_UP_MS = 3_000
/** Writes that may wait for the group at one peer; more are refused. */
const WRITES_WAITING_MAX = 512
/** A read's time is the asker's, but not just any: certificates are only so old. */
const READ_CLOCK_TOLERANCE_MS = 60_000

/** What a site asks of the peer that hosts it. */
export interface SiteDuties extends Surroundings {
  readonly groupRecords: RecordStore
  readonly siteRecords: RecordStore
  /** Hands the chain a closing batch with its certificate, or a member's show. */
  readonly submitClose: (certificate: Uint8Array, batch: Uint8Array) => void
  readonly submitShow: (envelope: Uint8Array) => void
}

type Answer = Pick<SiteReply, 'ran' | 'status' | 'headers' | 'body'>
type Effect<N extends keyof GroupListener> = Parameters<GroupListener[N]>

/** One site on this peer: its epochs, the state that reads run on, and the visitors who wait. */
export class SiteHost implements GroupListener {
  readonly #duties: SiteDuties
  readonly #shells = new Map<number, GroupShell>()
  readonly #writes = new WaitingWrites()
  /** Writes that this peer was asked for and that are not decided: an epoch that closes leaves them to the next one. */
  readonly #undecided = new Map<string, Extract<GroupEvent, { type: 'write' }>>()
  readonly #stop = new AbortController()
  #later: (() => void)[] = []
  #view: SiteView
  #served: ServedState | undefined
  #shadow: ShadowShell | undefined
  #opening: NodeJS.Timeout | undefined

  constructor(view: SiteView, duties: SiteDuties) {
    this.#view = view
    this.#duties = duties
    const stored = duties.siteRecords.get(view.job)
    if (stored !== undefined) this.#served = decodeServed(stored)
    this.onView(view)
  }

  get view(): SiteView {
    return this.#view
  }
  get served(): ServedState | undefined {
    return this.#served
  }

  /** The chain recorded something new about this site. */
  onView(view: SiteView): void {
    this.#view = view
    const self = this.#duties.signer.peerId
    if (view.members.includes(self)) this.#openWhenDue(view)
    const shell = this.#shells.get(view.epoch)
    if (view.next !== null) {
      shell?.give({ type: 'close-at', atMs: view.next.atMs, next: view.next.members })
      if (shell === undefined && view.next.members.includes(self)) this.#standBy()
    }
    if (view.recovering) shell?.give({ type: 'show' })
    for (const [epoch, old] of this.#shells) {
      if (epoch < view.epoch) {
        this.#shells.delete(epoch)
        void old.close()
      }
    }
  }

  /** A group message of this job. */
  onMessage(from: PeerId, envelope: Uint8Array): void {
    if (this.#shadow !== undefined) this.#onShadowed(this.#shadow, envelope)
    for (const shell of this.#shells.values()) shell.give({ type: 'message', from, envelope })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#opening)
    this.#writes.settleAll({ type: 'undecided' })
    await Promise.all([...this.#shells.values(), ...(this.#shadow === undefined ? [] : [this.#shadow])].map((shell) => shell.close()))
  }

  /** Answers one visitor's request; never throws for what a visitor can send. */
  async answer(request: Verified<SiteRequest>, envelope: Uint8Array): Promise<Uint8Array> {
    const { network, signer } = this.#duties
    const answer = await this.#answer(request, envelope)
    const served = this.#served
    return signMessage(
      siteReply,
      {
        from: signer.publicKey,
        job: bytesOfContentId(this.#view.job),
        request: sha256(envelope),
        ...answer,
        epoch: served?.epoch ?? this.#view.epoch,
        step: served?.step ?? 0,
        state: bytesOfContentId(served?.state ?? this.#view.start),
        stale: this.#isStale(served),
        certificate: served?.certificate ?? null,
      },
      signer,
      network,
    )
  }

  async #answer(request: SiteRequest, envelope: Uint8Array): Promise<Answer> {
    const seen = { epoch: request.seenEpoch, step: request.seenStep }
    if (this.#served === undefined) return refused(503, 'SITE_STARTING')
    if (isLater(seen, this.#served) && !(await this.#catchUp(seen))) return refused(421, 'MEMBER_BEHIND')
    if (request.method === STATE_METHOD) return { ran: 'read', status: 204, headers: [], body: new Uint8Array() }
    if (request.method !== 'GET' && request.method !== 'HEAD') return this.#write(request, envelope)
    if (Math.abs(request.ms - this.#duties.now()) > READ_CLOCK_TOLERANCE_MS) {
      return refused(400, request.ms < this.#duties.now() ? 'REQUEST_TOO_OLD' : 'REQUEST_TOO_NEW')
    }
    const at = { timeMs: Math.floor(request.ms / 1000) * 1000, seed: sha256(request.id) }
    const outcome = await this.#duties.scripts.read(this.#served.files, scriptRequestOf(request), at)
    if (outcome === undefined) return refused(503, 'GROUP_BUSY')
    if (outcome.type === 'abstained') return refused(504, 'JOB_TOO_SLOW')
    // a read that turned out to change something is a write: the group decides
    if (outcome.changes.length > 0) return this.#write(request, envelope)
    return { ran: 'read', ...responseOf(outcome) }
  }

  async #write(request: SiteRequest, envelope: Uint8Array): Promise<Answer> {
    const shell = [...this.#shells.values()].at(-1)
    if (shell === undefined) return refused(421, 'NOT_A_MEMBER')
    if (this.#writes.count >= WRITES_WAITING_MAX) return refused(503, 'GROUP_BUSY')
    const cid = contentIdOf(envelope, 'raw')
    const decided = this.#writes.wait(request.id, WRITE_WAIT_MS)
    const write = { type: 'write', id: request.id, ms: request.ms, cid, bytes: envelope, nowMs: this.#duties.now() } as const
    this.#undecided.set(hexOf(request.id), write)
    shell.give(write)
    const outcome = await decided
    this.#undecided.delete(hexOf(request.id))
    if (outcome.type === 'undecided') return refused(504, 'GROUP_SLOW')
    if (outcome.type === 'refused') return refused(REFUSED_STATUS[outcome.code] ?? 503, outcome.code)
    const response = readResponse(this.#duties.store.get, outcome.response)
    return response === undefined ? refused(503, 'MEMBER_BEHIND') : { ran: 'write', ...response }
  }

  // ---- what the epochs tell

  async final(...[epoch, effect]: Effect<'final'>): Promise<void> {
    const { value } = readBatch(effect.batch)
    const certificate = { certificate: effect.certificate, batch: effect.batch }
    const served = { epoch, step: effect.step, certificate, state: effect.state, files: effect.files, timeMs: value.timeMs }
    await this.#serve(served)
    for (const { id, response } of effect.requests) this.#writes.settle(id, { type: 'response', response })
  }

  closed(...[epoch, { certificate, batch, state }]: Effect<'closed'>): void {
    this.#duties.submitClose(certificate, batch)
    const { next } = this.#view
    if (next === null || epoch !== this.#view.epoch || !next.members.includes(this.#duties.signer.peerId)) {
      return this.#writes.settleAll({ type: 'refused', code: 'GROUP_CLOSED' }) // the asker goes to a member of the next epoch
    }
    // the closing certificate alone opens the next epoch; the chain records it afterwards
    const { timeMs } = readBatch(batch).value
    this.#openEpoch(epoch + 1, { ...this.#view, ...next, start: state, startTimeMs: timeMs, rerun: [] })
  }

  show(_: number, envelope: Uint8Array): void {
    this.#duties.submitShow(envelope)
  }
  repeated(id: Uint8Array, response: ContentId): void {
    this.#writes.settle(id, { type: 'response', response })
  }
  refused(id: Uint8Array, code: string): void {
    const leftToNext = code === 'GROUP_CLOSED' && this.#view.next?.members.includes(this.#duties.signer.peerId)
    if (!leftToNext) this.#writes.settle(id, { type: 'refused', code })
  }

  // ---- epochs and states

  /** The chain names an epoch's members ahead of its time, so that they have the state when it opens. */
  #openWhenDue(view: SiteView): void {
    clearTimeout(this.#opening)
    const inMs = view.opensMs - this.#duties.now()
    if (inMs <= 0) return this.#openEpoch(view.epoch, view)
    void this.#hold(view.start)
    this.#opening = setTimeout(() => this.onView(this.#view), inMs)
  }

  #openEpoch(epoch: number, from: Pick<SiteView, 'members' | 'chainSeed' | 'start' | 'startTimeMs' | 'rerun'>): void {
    if (this.#shells.has(epoch)) return
    const { job, cycleMs, uploader } = this.#view
    const settings: Partial<GroupSettings> = { idleEveryMs: cycleMs }
    const setup = {
      network: this.#duties.network,
      job,
      epoch,
      members: from.members,
      chainSeed: from.chainSeed,
      start: from.start,
      startTimeMs: from.startTimeMs,
      rerun: from.rerun,
      settings,
      checkRequest: (ref: RequestRef, bytes: Uint8Array) => this.#isRequest(ref, bytes),
    }
    const alsoAsk = [...this.#view.members, ...this.#view.previousMembers, uploader]
    this.#duties.log.info({ job, epoch, members: from.members }, 'an epoch opens')
    const shell = new GroupShell(setup, this.#duties, this.#duties.groupRecords, this, alsoAsk)
    this.#shells.set(epoch, shell)
    for (const write of this.#undecided.values()) shell.give(write)
    if (this.#served === undefined || this.#served.epoch < epoch) void this.#serveStart(epoch, from.start, from.startTimeMs)
  }

  #isRequest(ref: RequestRef, bytes: Uint8Array): boolean {
    try {
      const request = openMessage(siteRequest, bytes, this.#duties.network, (value) => peerIdOfKey(value.from))
      const sameId = sameBytes(request.id, ref.id)
      return sameId && request.ms === ref.ms && contentIdOf(bytes, 'raw') === ref.cid && sameBytes(request.job, bytesOfContentId(this.#view.job))
    } catch {
      return false
    }
  }

  /** A member of a new epoch serves the state that it opened with, until its first step is final. */
  async #serveStart(epoch: number, start: ContentId, timeMs: number): Promise<void> {
    if (!(await this.#hold(start))) return
    const block = this.#duties.store.get(start)
    if (block === undefined || (this.#served !== undefined && this.#served.epoch >= epoch)) return
    const { files } = readStateBlock(block)
    const certificate = this.#served?.state === start ? this.#served.certificate : null
    await this.#serve({ epoch, step: 0, state: start, files, certificate, timeMs })
  }

  /** A newcomer fetches the state ahead of time and shadows the group, so that it takes its seat on schedule (WP §6.4.4). */
  #standBy(): void {
    const { job, epoch, members, start } = this.#view
    if (this.#shadow?.context.epoch === epoch) return
    void this.#shadow?.close()
    this.#shadow = new ShadowShell({ network: this.#duties.network, job, epoch, members }, this.#duties)
    void this.#hold(start)
  }

  /** The closing certificate of the epoch that it shadows opens the newcomer's own. */
  #onShadowed(shadow: ShadowShell, envelope: Uint8Array): void {
    if (numberOf(envelope) !== finalMessage.number) return
    shadow.give({ type: 'message', envelope })
    const { next, epoch } = this.#view
    if (next === null || epoch !== shadow.context.epoch) return
    const closing = closingOf(envelope, shadow.context)
    if (closing === undefined) return
    this.#openEpoch(epoch + 1, { ...this.#view, ...next, start: closing.state, startTimeMs: closing.timeMs, rerun: [] })
    this.#shadow = undefined
    void shadow.close()
  }

  #hold(state: ContentId): Promise<boolean> {
    const from = () => [...this.#view.members, ...(this.#view.next?.members ?? []), ...this.#view.previousMembers, this.#view.uploader]
    return holdDag(state, this.#duties, from, this.#stop.signal)
  }

  async #serve(served: ServedState): Promise<void> {
    if (this.#served !== undefined && !isLater(served, this.#served)) return
    await this.#duties.siteRecords.put([[this.#view.job, encodeServed(served)]])
    this.#served = served
    const later = this.#later
    this.#later = []
    for (const wake of later) wake()
  }

  async #catchUp(seen: { epoch: number; step: number }): Promise<boolean> {
    const deadline = this.#duties.now() + CATCH_UP_MS
    const behind = () => this.#served === undefined || isLater(seen, this.#served)
    while (behind() && this.#duties.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, deadline - this.#duties.now()))
        this.#later.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return !behind()
  }

  #isStale(served: ServedState | undefined): boolean {
    return served === undefined || this.#duties.now() - served.timeMs > 2 * this.#view.cycleMs + STALE_SLACK_MS
  }
}

/** A closing certificate inside a member's `group-final`, if that is what it is. */
function closingOf(envelope: Uint8Array, context: GroupContext): { state: ContentId; timeMs: number } | undefined {
  try {
    const { certificate, batch } = finalMessage.decode(peekPayload(envelope) ?? new Uint8Array())
    if (!readBatch(batch).value.closing) return undefined
    return verifyClosing(certificate, batch, context)
  } catch {
    return undefined // not one, or one that does not hold: the shadow counts it
  }
}

/** An empty batch is due every cycle, and agreeing on it takes a moment. */
const STALE_SLACK_MS = 1_000
const REFUSED_STATUS: Readonly<Record<string, number>> = {
  REQUEST_TOO_OLD: 400,
  REQUEST_TOO_NEW: 400,
  REQUEST_TOO_LARGE: 413,
  REQUEST_MISMATCH: 400,
  GROUP_BUSY: 503,
  GROUP_CLOSED: 421,
  JOB_TOO_SLOW: 504,
}

/** A refusal's code travels as the body: the gateway makes a page of it. */
function refused(status: number, code: string): Answer {
  return { ran: 'refused', status, headers: [], body: new TextEncoder().encode(code) }
}
