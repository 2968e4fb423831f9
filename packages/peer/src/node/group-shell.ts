import type { Block } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  keyOfPeerId,
  type NetworkId,
  type PeerId,
  peekPayload,
  type Signer,
  sealOf,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  type DisputeEffect,
  disputeMessage,
  disputeOf,
  type Group,
  type GroupEffect,
  type GroupEvent,
  type GroupSetup,
  groupReferences,
  heldBatches,
  NO_FUNDS,
  nextSeedAlpha,
  openGroup,
  showMessage,
  stepGroup,
  type Verification,
  type Write,
} from '@interpeer/peer-group'
import { concatBytes, sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import type { LoggedRun } from '../job-log/logged-run.js'
import { DISPUTE_BYTES_MAX } from '../network/disputes.js'
import type { SiteView } from '../site-view.js'
import type { Accuser } from './accuser.js'
import type { BlockPlaces } from './block-source.js'
import type { Complaints } from './complaints.js'
import { EffectQueue } from './effect-queue.js'
import { type EpochRecords, SETUP_HASH_BYTES } from './epoch-records.js'
import { GatheredPuts } from './gathered-puts.js'
import { GatheredWrites } from './gathered-writes.js'
import { GroupFetches } from './group-fetches.js'
import type { KnownRequests } from './known-requests.js'
import type { PeerLog } from './log.js'
import { OwnWorkShell } from './own-work-shell.js'
import { ProofAhead } from './proof-ahead.js'
import { putWhenRoom } from './put-when-room.js'
import { RecentBodies } from './recent-bodies.js'
import { repair, withRepair } from './repair.js'
import { batchOf, runBatch } from './run-batch.js'
import type { ScriptQueue } from './script-queue.js'
import { SkipAudits } from './skip-audits.js'
import { UnwrittenBodies } from './unwritten-bodies.js'
import { Waker } from './waker.js'

/** What every shell of one peer shares. */
export interface Surroundings extends BlockPlaces {
  readonly overlay: Overlay
  /** Remembers which signatures held: all groups of this peer meet the same reveals. */
  readonly verification?: Verification | undefined
  readonly signer: Signer
  readonly network: NetworkId
  readonly scripts: ScriptQueue
  readonly requests: KnownRequests
  /** Remembers requests' blocks of all groups. Left out: this one's has its own. */
  readonly recentBodies?: RecentBodies | undefined
  readonly log: PeerLog
  /** Keeps what is put into the store from now until the function returned is called: a run names its root only at its end. */
  readonly holdBlocks: () => () => void
  /** Network time in ms. */
  readonly now: () => number
  /** Takes what a run left for the site's log. */
  readonly ran?: ((run: LoggedRun, epoch: number) => void) | undefined
  /** Brings to the chain what members are found to do wrong. */
  readonly complaints: Complaints
  /** Brings what only a run can show to a jury. Left out: nobody does. */
  readonly accuser?: Accuser | undefined
  /** The peer can't go on: what it must not forget could not be written. */
  readonly fail: (error: unknown) => void
}
type EffectOf<T extends GroupEffect['type']> = Extract<GroupEffect, { type: T }>
/** What an epoch tells the site that it serves. */
export interface GroupListener {
  provisional(epoch: number, effect: EffectOf<'provisional'>): void
  renewed(epoch: number, effect: EffectOf<'renewed'>): void
  final(epoch: number, effect: EffectOf<'final'>): Promise<void>
  closed(epoch: number, effect: EffectOf<'closed'>): void
  show(epoch: number, envelope: Uint8Array): void
  repeated(id: Uint8Array, response: ContentId): void
  refused(epoch: number, id: Uint8Array, code: string): void
}
type Stateless<E> = E extends unknown ? Omit<E, 'nowMs'> : never

/** One epoch of one job on this peer: gives events to the pure machine and acts on its effects. */
export class GroupShell {
  readonly setup: GroupSetup
  readonly #around: Surroundings
  readonly #records: EpochRecords
  readonly #listener: GroupListener
  readonly #effects: EffectQueue<GroupEffect>
  readonly #waker: Waker
  readonly #ownWork: OwnWorkShell
  readonly #proofs: ProofAhead
  readonly #setupHash: Uint8Array
  readonly #writes = new GatheredWrites((writes) => this.give({ type: 'writes', writes }))
  readonly #puts = new GatheredPuts((blocks) => this.#putAll(blocks))
  readonly #bodies: UnwrittenBodies
  /** The records so far are begun: each in its turn, though one may wait for bodies. */
  #recordsBegun: Promise<unknown> = Promise.resolve()
  readonly #stop = new AbortController()
  readonly #alsoAsk: () => readonly PeerId[]
  readonly #fetches: GroupFetches
  readonly #audits: SkipAudits
  #opening: readonly GroupEffect[]
  #group: Group
  /** Puts that wait until the store has room. */
  #waitingPuts = 0

  /** @param alsoAsk who else may have blocks of the epoch now: of its first state earlier members and the uploader, of what is judged its jurors */
  constructor(setup: GroupSetup, around: Surroundings, records: EpochRecords, listener: GroupListener, alsoAsk: () => readonly PeerId[]) {
    this.setup = setup
    this.#around = around
    this.#records = records
    this.#listener = listener
    this.#alsoAsk = alsoAsk
    this.#setupHash = hashOfSetup(setup)
    this.#effects = new EffectQueue((effect) => this.#perform(effect), around.fail, {
      // a record that names a state is begun when the state is on the disk: a crash must not leave the one without the other
      isWrite: ({ type }) => type === 'persist',
      // blocks are named by what is in them: they need no order, only what is said after them does
      isEarly: (effect) => effect.type === 'store' || isEarlySend(effect),
      // what visitors are told of it is proven by its certificate, and what a crash forgets of it the group tells again
      isAside: (effect) => effect.type === 'final' || isLazy(effect),
    })
    this.#waker = new Waker(around.now, () => this.give({ type: 'time' }))
    this.#fetches = new GroupFetches(setup, around, { alsoAsk, give: (event) => this.give(event), signal: this.#stop.signal })
    this.#audits = new SkipAudits(setup, around, { alsoAsk, give: (event) => this.give(event) })
    this.#ownWork = new OwnWorkShell(setup, around)
    this.#proofs = new ProofAhead(around.signer)
    this.#bodies = new UnwrittenBodies(around.store, around.recentBodies ?? new RecentBodies(), (blocks) => this.#putAll(blocks))
    const { state, effects } = openGroup(setup, this.#proofs.signer, around.now(), this.#stored(), around.verification)
    this.#group = state
    this.#opening = effects
  }

  /** Acts on what opening led to; apart from the constructor, so that whoever is told already knows this shell. */
  start(): void {
    this.#ownWork.stepped(this.#group, this.#opening)
    this.#effects.add(this.#opening)
    this.#puts.flush()
    this.#opening = []
  }

  /** Whether this epoch began as that one does: the chain may open it otherwise than a closing certificate did. */
  isOf(setup: GroupSetup): boolean {
    return sameBytes(this.#setupHash, hashOfSetup(setup))
  }

  /** A visitor's write. */
  write(write: Write): void {
    if (this.#stop.signal.aborted) return
    if (this.#waitingPuts > 0) this.#listener.refused(this.setup.epoch, write.id, 'GROUP_BUSY')
    else this.#writes.add(write)
  }

  give(event: Stateless<GroupEvent>): void {
    if (this.#stop.signal.aborted) return
    if (this.#waitingPuts > 0) {
      if (event.type === 'writes') for (const { id } of event.writes) this.#listener.refused(this.setup.epoch, id, 'GROUP_BUSY')
      if (event.type === 'writes' || (event.type === 'message' && this.#effects.length > BACKLOG_MAX)) return // messages are sent again
    }
    if (event.type === 'message' && OwnWorkShell.isOwn(event.envelope)) {
      this.#ownWork.give(event)
      return
    }
    const nowMs = this.#around.now()
    try {
      const { state, effects } = stepGroup(this.#group, { ...event, nowMs } as GroupEvent)
      this.#group = state
      this.#ownWork.stepped(state, effects)
      this.#effects.add(effects)
      if (effects.some((effect) => effect.type === 'persist' && effect.bodies)) void this.#bodies.flush().catch(() => {}) // its turn tells
      if (effects.some((effect) => isPressing(effect, nowMs))) this.#puts.flush()
    } catch (error) {
      // the state is a value, so a step that threw changed nothing: what came is dropped, and no other site suffers
      this.#around.count('STEP_FAILED')
      this.#around.log.error({ err: error, event: event.type, epoch: this.setup.epoch }, 'a group could not take an event')
      this.#waker.at(nowMs + AGAIN_MS)
    }
  }

  /** What other members show the chain may be steps that they kept from this one: until the chain goes on from them it may object. Of what it knows it takes no notice. */
  shownToChain(shows: SiteView['shows']): void {
    for (const { member, show } of shows) {
      const payload = member === this.#around.signer.peerId ? undefined : peekPayload(show)
      if (payload === undefined) continue
      for (const { certificate } of showMessage.decode(payload).steps) this.give({ type: 'shown', from: member, certificate, by: 'chain' })
    }
  }

  /** The chain has a closing certificate that not all members revealed. Whom the others kept from it learns of it so, with each block: it may have had no room for it before. */
  closedOnChain(certificate: Uint8Array): void {
    const [other] = this.setup.members.filter((peer) => peer !== this.#around.signer.peerId)
    if (other !== undefined) this.give({ type: 'shown', from: other, certificate, by: 'closing' })
  }

  /** The chain may go on from the certificates that a dispute shows: whoever knows better has to hear of them. With each block, for it looks at a few such at a time: what it knows, or has looked at, costs it little. */
  disputedOnChain(disputes: SiteView['disputes']): void {
    const [other] = this.setup.members.filter((peer) => peer !== this.#around.signer.peerId)
    for (const bytes of other === undefined ? [] : disputes) {
      const { base, steps } = disputeMessage.decode(bytes)
      for (const certificate of [...(base === null ? [] : [base]), ...steps])
        this.give({ type: 'shown', from: other as PeerId, certificate, by: 'chain' })
    }
  }

  /** What this epoch needs of the store, each block with all below it: in memory, and in its record. */
  references(): ReadonlySet<ContentId> {
    return new Set([...groupReferences(this.#group), ...this.#audits.references()])
  }

  /** @throws {PeerError} EPOCH_OTHER where what is on disk was signed in an epoch that began otherwise: signing again could contradict it */
  #stored(): Uint8Array | undefined {
    const { job, epoch } = this.setup
    const stored = this.#records.get(job, epoch)
    if (stored === undefined) return undefined
    if (!sameBytes(stored.subarray(0, SETUP_HASH_BYTES), this.#setupHash)) throw new PeerError({ code: 'EPOCH_OTHER', job, epoch })
    return stored.slice(SETUP_HASH_BYTES)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#waker.stop()
    this.#ownWork.close()
    await this.#audits.close()
    this.#writes.stop()
    this.#puts.flush()
    void this.#bodies.flush().catch(() => {}) // the queue tells
    await this.#effects.stop()
  }

  #perform(effect: GroupEffect): Promise<void> | void {
    const { overlay, log, count, complaints } = this.#around
    switch (effect.type) {
      case 'store':
        return effect.lazy ? this.#bodies.add(effect.blocks) : this.#puts.add(effect.blocks)
      case 'persist':
        return this.#persist(effect)
      case 'send':
        for (const to of effect.to) overlay.send(to, effect.envelope)
        return
      case 'fetch-bodies':
        void this.#fetches.bodies(effect.requests, effect.from)
        return
      case 'audit':
        return this.#audits.begin(effect.dispute)
      case 'fetch-batch':
        void this.#fetches.batch(effect.hash, effect.from)
        return
      case 'fetch-state':
        void this.#fetches.state(effect.root, effect.from)
        return
      case 'execute':
        void this.#execute(effect)
        return
      case 'provisional':
        return this.#listener.provisional(this.setup.epoch, effect)
      case 'renewed':
        return this.#listener.renewed(this.setup.epoch, effect)
      case 'dispute':
      case 'stuck':
        return this.#dispute(effect)
      case 'final':
        return this.#listener.final(this.setup.epoch, effect)
      case 'closed':
        return this.#listener.closed(this.setup.epoch, effect)
      case 'show':
        return this.#listener.show(this.setup.epoch, effect.envelope)
      case 'repeated':
        return this.#listener.repeated(effect.id, effect.response)
      case 'refused':
        return this.#listener.refused(this.setup.epoch, effect.id, effect.code)
      case 'fault':
        log.warn({ peer: effect.peer, kind: effect.kind, epoch: this.setup.epoch }, 'a member signed two different things')
        count(`FAULT_${effect.kind}`)
        return complaints.accuse(this.setup, effect)
      case 'mark':
        log.warn({ peer: effect.peer, step: effect.step, epoch: this.setup.epoch }, `a member is marked ${effect.outcome}`)
        return count(effect.outcome === 'unresolved' ? 'MEMBER_UNRESOLVED' : 'MEMBER_CONTRADICTED')
      case 'wake':
        return this.#waker.at(effect.atMs)
      case 'count':
        return count(effect.code)
    }
  }

  /** Records are begun one after another, also where one waits for the bodies of what it signs. */
  #persist({ bytes, bodies }: EffectOf<'persist'>): Promise<void> {
    const begun = Promise.all([this.#recordsBegun, bodies ? this.#bodies.flush() : undefined])
    this.#recordsBegun = begun
    return begun.then(() => this.#records.put(this.setup.job, this.setup.epoch, concatBytes(this.#setupHash, bytes)))
  }

  #putAll(blocks: readonly Block[]): Promise<void> {
    const { store, count } = this.#around
    return putWhenRoom(blocks, { store, count, signal: this.#stop.signal, onFull: (isFull) => this.#onFull(isFull) })
  }

  /** The batches that it holds of steps that may be disputed: jurors ask for them by their hashes. */
  batches(): readonly Uint8Array[] {
    return heldBatches(this.#group)
  }

  #dispute(effect: DisputeEffect): void {
    const { log, count, complaints } = this.#around
    const { epoch, job } = this.setup
    const isStuck = effect.type === 'stuck'
    log.warn({ step: effect.step, epoch, job }, isStuck ? 'members disagree: the open step may never be certified' : 'a step is in dispute')
    count(isStuck ? 'STEP_STUCK' : 'STEP_DISPUTED')
    const dispute = disputeOf(this.#group, effect, DISPUTE_BYTES_MAX)
    // who lacks the certificates in between leaves it to the others
    if (dispute === undefined) count('DISPUTE_INCOMPLETE')
    else complaints.dispute(this.setup, dispute, effect.type === 'dispute' && effect.way !== undefined)
  }

  #onFull(isFull: boolean): void {
    this.#waitingPuts += isFull ? 1 : -1
    if (!isFull || this.#waitingPuts > 1) return
    this.#around.count('GROUP_SILENT')
    const { job, epoch } = this.setup
    this.#around.log.error({ job, epoch }, 'the store is full of what is needed: this peer takes no part in the group until there is room')
  }

  async #execute(effect: EffectOf<'execute'>): Promise<void> {
    const { batch, from } = effect
    const { scripts, requests: known, log, holdBlocks } = this.#around
    const work = batchOf(effect, this.setup)
    const release = holdBlocks()
    let beganMs = performance.now()
    const onBegin = () => {
      beganMs = performance.now()
    }
    const run = () => runBatch(work, this.#bodies.store, scripts, known, { onBegin })
    const result = await withRepair(run, (missing) => this.#repair(missing)).catch((error: unknown) => {
      // a full disk or a broken runtime is this host's trouble: it decides nothing, so the member abstains
      log.error({ err: error }, 'a batch could not be run here')
      return undefined
    })
    const { runs = [], ...came } = result ?? { type: 'abstained' }
    for (const one of runs) this.#around.ran?.(one, this.setup.epoch)
    if (came.type === 'ran') this.#ownWork.ran({ ...came, batch }, performance.now() - beganMs)
    this.give({ type: 'executed', batch, from, result: came })
    await this.#effects.performed() // the state block, which names what the run made, is on disk
    release()
    // its seal is out, and it waits for the others
    const alpha = this.#stop.signal.aborted ? undefined : nextSeedAlpha(this.#group)
    if (alpha !== undefined) this.#proofs.make(alpha)
  }

  /** Other members can run the batch, so they have what is missing here. */
  #repair(missing: readonly ContentId[]): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(REPAIR_MS)])
    return repair(missing, this.#around, [...this.setup.members, ...this.#alsoAsk()], signal)
  }
}
/** Effects that wait for room behind those that need it; more are not made. */
const BACKLOG_MAX = 1_000
/** A batch waits for so long for what a repair is to bring, three times at most (`withRepair`); then this member abstains from it. */
const REPAIR_MS = 10_000
/** After a step that threw: its timer may have been the one that threw. */
const AGAIN_MS = 1_000

const isLazy = (effect: GroupEffect): boolean => effect.type === 'store' && effect.lazy === true
const isEarlySend = (effect: GroupEffect): boolean => effect.type === 'send' && effect.early === true
/** Whether what stands before an effect must be on the disk now: everything but what is only to be kept, has left already, or is not done soon. */
const isPressing = (effect: GroupEffect, nowMs: number): boolean =>
  effect.type === 'wake' ? effect.atMs < nowMs + SOON_MS : effect.type !== 'store' && effect.type !== 'count' && !isEarlySend(effect)
const SOON_MS = 100

/** What two openings of one epoch must have in common. */
function hashOfSetup({ members, chainSeed, start, rerun, funds = NO_FUNDS }: GroupSetup): Uint8Array {
  const { settled, mayPay } = funds
  return sealOf('group setup', [members.map(keyOfPeerId), chainSeed, bytesOfContentId(start), [...rerun], settled, mayPay])
}
