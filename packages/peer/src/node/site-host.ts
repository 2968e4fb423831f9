import { blockOf } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, type PeerId, type Verified } from '@interpeer/crypto-ids'
import { type Funds, type Payment, readBatch, readStateBlock, responseTree, type SiteRequest, sumOfPayments } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import type { ServedState } from '../served-state.js'
import type { SiteView } from '../site-view.js'
import { WholeState } from './block-source.js'
import { type GroupListener, GroupShell } from './group-shell.js'
import { OutboxShell } from './outbox-shell.js'
import { ProvenWrites } from './proven-writes.js'
import { ReadChecker } from './read-checker.js'
import { ServedSite } from './served-site.js'
import { SiteAnswers } from './site-answers.js'
import { SiteCopies } from './site-copies.js'
import type { SiteDuties } from './site-duties.js'
import { checkWritesOf } from './site-writes.js'
import { Standby } from './standby.js'
import { StateBalances } from './state-balances.js'
import { type WaitingWrite, WaitingWrites } from './waiting-writes.js'

type Effect<N extends keyof GroupListener> = Parameters<GroupListener[N]>
type EpochStart = Pick<SiteView, 'members' | 'chainSeed' | 'start' | 'startTimeMs' | 'rerun' | 'jurors' | 'funds'>

/** One site on this peer: opens and ends its part in each epoch, and keeps what visitors are served up to date. */
export class SiteHost implements GroupListener {
  readonly #duties: SiteDuties
  readonly #shells = new Map<number, GroupShell>()
  readonly #writes = new WaitingWrites()
  readonly #proven = new ProvenWrites()
  readonly #served: ServedSite
  readonly #answers: SiteAnswers
  readonly #copies: SiteCopies
  readonly #checker: ReadChecker
  readonly #outbox: OutboxShell
  readonly #standby: Standby
  readonly #whole = new WholeState()
  readonly #stop = new AbortController()
  /** The batches that jurors may ask for while a dispute is open. */
  #disputed: readonly ContentId[] = []
  #view: SiteView
  #opening: NodeJS.Timeout | undefined
  /** The last epoch that this peer can't take part in. */
  #satOut = -1

  constructor(view: SiteView, around: SiteDuties) {
    const duties = { ...around, whole: this.#whole }
    this.#view = view
    this.#duties = duties
    this.#served = new ServedSite(view.job, duties.siteRecords, duties.count)
    this.#copies = new SiteCopies({ ...duties, view: () => this.#view, served: () => this.served })
    const balances = new StateBalances(duties.store.get)
    this.#checker = new ReadChecker({ ...duties, balances, view: () => this.#view, recent: () => this.#served.recent })
    const give = (write: WaitingWrite) => this.#give(write)
    this.#answers = new SiteAnswers({
      ...duties,
      served: this.#served,
      balances,
      writes: this.#writes,
      proven: this.#proven,
      view: () => this.#view,
      give,
      repair: (missing) => this.#copies.repairForVisitor(missing),
    })
    this.#outbox = new OutboxShell({
      ...duties,
      job: view.job,
      sender: duties.outbox,
      give: (write) => this.#newest()?.write(write),
      // that of a later epoch, which its closing certificate opened here, the chain has not named yet
      closesMs: () => (this.#newest()?.setup.epoch === this.#view.epoch ? this.#view.next?.atMs : undefined),
    })
    this.#standby = new Standby(duties, (work) => this.#inBackground(work))
    this.#forgetEpochs()
    this.onView(view)
  }

  get view(): SiteView {
    return this.#view
  }
  get served(): ServedState | undefined {
    return this.#served.state
  }
  /** The states that it serves now, or would after a crash. */
  get servedStates(): readonly ContentId[] {
    return this.#served.states
  }
  /** What it needs beside those: of the store each block with all below it, though some is still to come. */
  *references(): Generator<ContentId> {
    for (const shell of this.#shells.values()) yield* shell.references()
    yield* this.#standby.references()
    yield* this.#copies.wanted
    yield* this.#disputed
  }

  /** The chain recorded something new about this site. */
  onView(view: SiteView): void {
    if (this.#stop.signal.aborted) return
    this.#view = view
    const self = this.#duties.signer.peerId
    if (this.#standby.epoch !== view.epoch) this.#standby.end()
    if (view.members.includes(self)) this.#openWhenDue(view)
    const shell = this.#shells.get(view.epoch)
    if (view.next !== null) {
      shell?.give({ type: 'close-at', atMs: view.next.atMs, next: view.next.members })
      if (shell === undefined && view.next.members.includes(self)) this.#standBy(view)
    }
    if (view.disputed) this.#showBatches(shell?.batches() ?? [])
    else this.#disputed = []
    if (view.recovering) {
      this.#outbox.pause()
      shell?.give({ type: 'show' })
      shell?.shownToChain(view.shows)
    }
    if (view.closing !== null) shell?.closedOnChain(view.closing)
    shell?.disputedOnChain(view.disputes)
    for (const [epoch, old] of this.#shells) {
      const isUndone = view.judged && epoch > view.epoch
      if (epoch >= view.epoch && !isUndone) continue
      this.#shells.delete(epoch)
      this.#inBackground(old.close())
      this.#forgetEpochs()
      if (isUndone) this.#writes.settleAll({ type: 'refused', code: 'GROUP_CLOSED' })
    }
    // who lost its seat to a verdict or a recovery hears nothing more of what waits here: who asked goes to a member of the new epoch
    if (!view.members.includes(self) && this.#shells.size === 0) this.#writes.settleAll({ type: 'refused', code: 'GROUP_CLOSED' })
  }

  /** A group message of this job. */
  onMessage(from: PeerId, envelope: Uint8Array): void {
    if (this.#stop.signal.aborted) return
    this.#onShadowed(envelope)
    for (const shell of this.#shells.values()) shell.give({ type: 'message', from, envelope })
  }

  /** Someone shows a certificate of this job. */
  shown(from: PeerId, epoch: number, certificate: Uint8Array): void {
    if (!this.#stop.signal.aborted) this.#shells.get(epoch)?.give({ type: 'shown', from, certificate })
  }

  /** Answers one visitor's request; never throws for what a visitor can send. */
  answer(request: Verified<SiteRequest>, envelope: Uint8Array, asker: PeerId): Promise<Uint8Array> {
    return this.#answers.answer(request, envelope, asker)
  }

  /** One of the certificates of its last writes, by its SHA-256. */
  certificate(digest: Uint8Array): Uint8Array | undefined {
    return this.#proven.certificate(hexOf(digest))
  }

  /** Runs a read of another member again: answers a `read-check` with a `read-checked`. */
  check(asker: PeerId, message: Uint8Array): Promise<Uint8Array> {
    return this.#checker.check(asker, message)
  }

  /** Something of this site was asked for that is not here, though it may have to be. */
  onLacked(): void {
    this.#whole.doubt()
    this.#copies.lookSoon()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#copies.close()
    clearTimeout(this.#opening)
    this.#served.close()
    this.#writes.settleAll({ type: 'undecided' })
    await Promise.all([...this.#shells.values(), this.#standby, this.#outbox].map((part) => part.close()))
  }

  #give(write: WaitingWrite): boolean {
    const shell = this.#newest()
    if (shell === undefined || this.#stop.signal.aborted) return false
    shell.write(write)
    return true
  }

  /** The latest epoch that is open here. */
  #newest(): GroupShell | undefined {
    return this.#shells.get(Math.max(...this.#shells.keys()))
  }

  // ---- what the epochs tell

  /** q members agree: that is what a job may want its visitors answered with. */
  provisional(...[epoch, effect]: Effect<'provisional'>): void {
    if (this.#view.answersProvisional) this.#answerWrites(epoch, { ...effect, named: null })
  }

  renewed(...[epoch, { step, named, timeMs }]: Effect<'renewed'>): void {
    this.#served.renew({ epoch, step }, named, timeMs)
  }

  async final(...[epoch, effect]: Effect<'final'>): Promise<void> {
    const { step, state, files, certificate, named, timeMs, batch, isLast } = effect
    if (isLast) this.#whole.becomes(state)
    const durable = isLast ? this.#served.serve({ epoch, step, certificate, named, state, files, timeMs }) : undefined
    this.#answerWrites(epoch, effect)
    await durable
    if (isLast) this.#tellOutbox(epoch, state, readBatch(batch).value.timeMs)
  }

  /** What waits to be sent by a final state, if its epoch is the one that is open here. */
  #tellOutbox(epoch: number, state: ContentId, timeMs: number): void {
    const shell = this.#newest()
    if (shell === undefined || shell.setup.epoch !== epoch || (this.#view.recovering && this.#view.epoch === epoch)) return
    const { members, startTimeMs: sinceMs = 0 } = shell.setup
    this.#outbox.onState(state, { members, timeMs, sinceMs })
  }

  #answerWrites(epoch: number, certified: Omit<Effect<'provisional'>[1], 'type' | 'batch'> & { readonly named: Uint8Array | null }): void {
    const { step, state, certificate, named, requests } = certified
    const ids = requests.map(({ id }) => id)
    const responses = responseTree(requests.map(({ response }) => response))
    this.#proven.add(ids, { epoch, step, state, certificate, named, responses }, this.#duties.now())
    for (const { id, response } of requests) this.#writes.settle(id, { type: 'response', response })
  }

  closed(...[epoch, { certificate, batch, state, shown }]: Effect<'closed'>): void {
    this.#duties.submitClose(certificate, batch)
    if (this.#shells.has(epoch + 1)) return // it is told again when all have revealed it
    if (this.#newest()?.setup.epoch === epoch) this.#outbox.pause()
    const { next } = this.#view
    // who has shown what it holds, and whose group is frozen or before a jury, leaves it to the chain how the next epoch opens
    const { timeMs, disputed, final, payments } = readBatch(batch).value
    const funds = next === null ? undefined : this.#fundsAfter(payments, next)
    if (
      shown ||
      disputed > final ||
      this.#view.disputed ||
      this.#view.judged ||
      next === null ||
      funds === undefined ||
      epoch !== this.#view.epoch ||
      !next.members.includes(this.#duties.signer.peerId)
    ) {
      this.#writes.settleAll({ type: 'refused', code: 'GROUP_CLOSED' }) // the asker goes to a member of the next epoch
      return
    }
    // the closing certificate alone opens the next epoch; the chain records it afterwards
    this.#openEpoch(epoch + 1, { ...next, start: state, startTimeMs: timeMs, rerun: [], funds })
  }

  show(_: number, envelope: Uint8Array): void {
    this.#duties.submitShow(envelope)
  }
  repeated(id: Uint8Array, response: ContentId): void {
    this.#writes.settle(id, { type: 'response', response })
  }
  refused(...[epoch, id, code]: Effect<'refused'>): void {
    const newest = this.#newest()
    const isLeftToNext =
      code === 'GROUP_CLOSED' && !this.#view.judged && this.#view.next?.members.includes(this.#duties.signer.peerId) === true
    const write = this.#writes.writes().find((one) => sameBytes(one.id, id))
    if (code === 'GROUP_CLOSED' && newest !== undefined && newest.setup.epoch > epoch && write !== undefined) newest.write(write)
    else if (!isLeftToNext) this.#writes.settle(id, { type: 'refused', code })
  }

  // ---- epochs and states

  /** The chain names an epoch's members ahead of its time, so that they have the state when it opens. */
  #openWhenDue(view: SiteView): void {
    clearTimeout(this.#opening)
    const inMs = view.opensMs - this.#duties.now()
    if (inMs <= 0) this.#openEpoch(view.epoch, view)
    else {
      this.#inBackground(this.#copies.hold(view.start, view.epoch))
      this.#opening = setTimeout(() => this.onView(this.#view), Math.min(inMs, OPENING_MS_MAX))
    }
  }

  #openEpoch(epoch: number, from: EpochStart): void {
    if (this.#satOut >= epoch) return
    const { job, cycleMs, uploader, members, previousMembers } = this.#view
    const of = { job: bytesOfContentId(job), members: from.members }
    const setup = {
      network: this.#duties.network,
      job,
      epoch,
      members: from.members,
      chainSeed: from.chainSeed,
      start: from.start,
      startTimeMs: from.startTimeMs,
      rerun: from.rerun,
      settings: { idleEveryMs: cycleMs },
      jurors: from.jurors,
      funds: from.funds,
      checkRequest: checkWritesOf(of, this.#duties, (report) => this.#outbox.hear(report)),
    }
    const known = this.#shells.get(epoch)
    if (known?.isOf(setup)) return
    if (known !== undefined) {
      // a late closing certificate opened it one way, the chain another: what was signed here must not be contradicted
      this.#shells.delete(epoch)
      this.#inBackground(known.close())
      this.#sitOut(epoch, new PeerError({ code: 'EPOCH_OTHER', job, epoch }))
      return
    }
    this.#duties.log.info({ job, epoch, members: from.members }, 'an epoch opens')
    try {
      const shell = new GroupShell(setup, this.#duties, this.#duties.epochRecords, this, () => [
        ...members,
        ...previousMembers,
        uploader,
        ...this.#view.judges,
      ])
      this.#shells.set(epoch, shell)
      if (this.#standby.epoch === epoch) this.#standby.end() // a member runs each step once
      shell.start()
      for (const write of this.#writes.writes()) shell.write(write)
    } catch (error) {
      this.#sitOut(epoch, error)
    }
    this.#inBackground(this.#serveStart(epoch, from.start, from.startTimeMs))
  }

  /** What it signed is not known any more, or belongs to another opening: signing again could contradict it, so it stays silent. */
  #sitOut(epoch: number, error: unknown): void {
    this.#satOut = epoch
    this.#duties.count('EPOCH_SAT_OUT')
    this.#duties.log.error({ err: error, job: this.#view.job, epoch }, 'this peer can take no part in an epoch')
  }

  /** A member of a new epoch serves the state that it opened with, until its first step is final. */
  async #serveStart(epoch: number, start: ContentId, timeMs: number): Promise<void> {
    const isServed = () => (this.served?.epoch ?? -1) >= epoch
    if (isServed() || !(await this.#copies.hold(start, epoch)) || isServed()) return
    const block = this.#duties.store.get(start)
    if (block === undefined) return
    const { files } = readStateBlock(block)
    const { certificate, named } = this.served?.state === start ? this.served : NOT_CERTIFIED
    await this.#served.serve({ epoch, step: 0, state: start, files, certificate, named, timeMs })
    this.#inBackground(this.#duties.scripts.prepare(files))
    this.#tellOutbox(epoch, start, timeMs)
  }

  #showBatches(batches: readonly Uint8Array[]): void {
    const blocks = batches.map((bytes) => blockOf(bytes, 'raw'))
    this.#disputed = blocks.map(({ cid }) => cid)
    this.#inBackground(this.#duties.store.put(blocks))
  }

  #standBy({ job, epoch, members, start }: SiteView): void {
    if (this.#standby.begin({ network: this.#duties.network, job, epoch, members })) this.#inBackground(this.#makeReady(start, epoch))
  }

  /** A newcomer's first visitors should not wait for what can be done before it has its seat. */
  async #makeReady(start: ContentId, epoch: number): Promise<void> {
    if (!(await this.#copies.hold(start, epoch))) return
    const block = this.#duties.store.get(start)
    if (block !== undefined) await this.#duties.scripts.prepare(readStateBlock(block).files)
  }

  /** The closing certificate of the epoch that it shadows opens the newcomer's own. */
  #onShadowed(envelope: Uint8Array): void {
    const closing = this.#standby.hear(envelope)
    const { next, epoch } = this.#view
    if (next === null || closing === undefined || this.#view.judged || !next.members.includes(this.#duties.signer.peerId)) return
    const funds = this.#fundsAfter(closing.payments, next)
    if (funds === undefined) return
    this.#openEpoch(epoch + 1, { ...next, start: closing.state, startTimeMs: closing.timeMs, rerun: [], funds })
    this.#standby.end()
  }

  /** Of the epoch that a closing opens, as the chain counts; undefined: it refuses the closing, which pays more than scripts might. */
  #fundsAfter(payments: readonly Payment[], { mayPay }: Pick<Funds, 'mayPay'>): Funds | undefined {
    const { funds } = this.#view
    const paid = sumOfPayments(payments)
    const settled = funds.settled + paid
    return paid > 0n && settled > funds.mayPay ? undefined : { settled, mayPay }
  }

  #forgetEpochs(): void {
    this.#inBackground(this.#duties.epochRecords.forget(this.#view.job, this.#view.previousEpoch))
  }

  /** For what nothing waits for. A failure is told, and ends neither the site nor the process. */
  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return
      this.#duties.count('SITE_TASK_FAILED')
      this.#duties.log.error({ err: error, job: this.#view.job }, 'something for a site could not be done')
    })
  }
}

/** The state that the chain names for a job's first epoch. */
const NOT_CERTIFIED = { certificate: null, named: null }
/** Longer is not waited for at once: the clock may be set, and timers only reach so far. */
const OPENING_MS_MAX = 60_000
