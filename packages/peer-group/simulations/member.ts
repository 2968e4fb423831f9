import {
  bytesOfContentId,
  type ContentId,
  codecOf,
  contentIdOf,
  type PeerId,
  peekMessageNumber,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import type { Machine, Random, World } from '@interpeer/simulator'
import { bytesOfHex, hexOf, type Message } from '@interpeer/wire-codec'
import {
  BODIES_STRAGGLER_MS,
  batchBlockId,
  type ExecutionResult,
  type FromMember,
  type Group,
  type GroupEffect,
  type GroupEvent,
  type GroupSetup,
  openGroup,
  stepGroup,
} from '../src/index.js'
import { sealMessage } from '../src/messages.js'
import type { Tactic } from './adversary.js'
import { audit } from './audit.js'
import type { Watcher } from './checks.js'
import { COSTS_US, Meter } from './costs.js'
import { Fetches } from './fetches.js'
import { sayEffect, sayMessage } from './say.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
export type MemberEvent = WithoutTime<GroupEvent>
export interface Surroundings {
  readonly world: World
  readonly watcher: Watcher
  /** Members that hear what is sent to a peer: more than one if it has twins. */
  readonly hearers: (peer: PeerId, from: Member) => readonly Member[]
  /** Told what one event came to, at once: an effect may wait for the disk while the group goes on. */
  readonly onTurn?: (member: Member, group: Group, effects: readonly GroupEffect[]) => void
  /** Told before an effect is acted on. */
  readonly onEffect: (member: Member, effect: GroupEffect) => void
  /** How long a run takes, and what comes of it. */
  readonly run: (member: Member, effect: GroupEffect & { type: 'execute' }) => { readonly ms: number; readonly result: ExecutionResult }
  /** Jurors, and what one of them has: a block by its CID, a batch by its hash. */
  readonly jurors?: () => ReadonlyMap<PeerId, (name: string) => Uint8Array | undefined>
}
const RESTART_MS = 1_000
const REPAIR_MS = 3_000
const blockName = (cid: ContentId): string => `block ${cid}`
/** Of a batch's hash in hexadecimal; CIDs have another. */
const HASH_LENGTH = 64
const blockOf = (name: string): ContentId => (name.length === HASH_LENGTH ? batchBlockId(bytesOfHex(name)) : (name as ContentId))

/**
 * One member on its machine, with the shell that the README asks for: effects in order, nothing acted on before what stands ahead of it is on the disk, writes
 * that follow each other synced together. A crash forgets all but the disk; it may come between any two effects.
 */
export class Member {
  group: Group | undefined
  readonly machine: Machine
  readonly signer: Signer
  readonly setup: GroupSetup
  readonly around: Surroundings
  readonly random: Random
  readonly tactics: readonly Tactic[]
  /** Runs that ended here, in any life, by the batch's hash. */
  readonly ran = new Set<string>()
  /** The seal that its record had when it started last. */
  restored: Uint8Array | undefined
  readonly #meter: Meter
  readonly #fetches: Fetches
  /** What was signed in the step that a `persist` is of. */
  readonly #signedBefore = new WeakMap<GroupEffect, readonly Uint8Array[]>()
  /** Requests' blocks that a shell need not have written yet: the watcher sees to it that nothing is revealed on them. */
  readonly #unwritten = new Set<ContentId>()
  #waiting: GroupEffect[] = []
  #isSyncing = false
  #life = 0
  #wakeAtMs: number | undefined
  #lastMs = 0

  readonly #recordName: string

  /** @param tactics what it does instead of what is right, one after another; none: it is honest */
  constructor(machine: Machine, signer: Signer, setup: GroupSetup, around: Surroundings, tactics: readonly Tactic[] = []) {
    this.machine = machine
    this.signer = signer
    this.setup = setup
    this.around = around
    this.tactics = tactics
    this.#meter = new Meter(signer)
    this.#fetches = new Fetches(this)
    this.random = machine.random
    this.#recordName = `record ${setup.epoch}`
    for (const { begin } of tactics) begin?.(this)
    machine.host({ start: () => this.#start(), stop: () => this.#stop() })
  }

  get index(): number {
    return this.machine.index
  }
  get peer(): PeerId {
    return this.signer.peerId
  }
  get isHonest(): boolean {
    return this.tactics.length === 0
  }
  /** Counts its lives: what began in an earlier one is lost. */
  get life(): number {
    return this.#life
  }
  get crashes(): number {
    return this.machine.crashes
  }
  /** Network time as this member has it: within one life it does not go backwards, whatever its clock does. */
  get nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.machine.nowMs)
    return this.#lastMs
  }

  /** A block that it has had for long. */
  hold(cid: ContentId, bytes: Uint8Array): void {
    this.machine.disk.hold(blockName(cid), bytes)
    this.#unwritten.delete(cid)
  }
  block(cid: ContentId): Uint8Array | undefined {
    return this.machine.disk.read(blockName(cid))
  }
  /** Whether a sync has ended that wrote it; also one that has rotted since. */
  isWritten(cid: ContentId): boolean {
    return this.machine.disk.isSafe(blockName(cid))
  }
  /** Whether a block is on the disk and stays there in a crash, also where those that a shell need not have written yet are lost. */
  hasSafe(cid: ContentId): boolean {
    return !this.#unwritten.has(cid) && this.isWritten(cid)
  }

  /** What its disk has of this epoch. */
  record(): Uint8Array | undefined {
    return this.machine.disk.read(this.#recordName)
  }

  /** Something happens to it: taken up when its processor is free, lost while it is down. */
  tell(event: MemberEvent): void {
    this.machine.work(() => {
      if (this.group === undefined) return { costUs: 0 }
      const before = this.group
      const { state, effects } = stepGroup(before, { ...event, nowMs: this.nowMs } as GroupEvent)
      this.group = state
      this.#signed(before, state, effects)
      this.around.onTurn?.(this, state, effects)
      if (event.type === 'executed' && event.result.type === 'ran') this.ran.add(hexOf(event.batch))
      return { costUs: COSTS_US.event + this.#meter.take(), done: () => this.#add(effects) }
    })
  }

  /** Hands an envelope to the network as it is. */
  post(to: PeerId, envelope: Uint8Array): void {
    const { world, hearers } = this.around
    const kind = peekMessageNumber(envelope) ?? -1
    if (!this.isHonest) this.around.watcher.said(this, envelope)
    for (const hearer of hearers(to, this)) {
      world.post(this.index, hearer.index, () => hearer.hear(this.peer, envelope), {
        kind,
        bytes: envelope,
        say: () => sayMessage(envelope),
      })
    }
  }

  /** Signs what it likes in this member's name. */
  sign<T extends FromMember>(message: Message<T>, fields: Omit<T, keyof FromMember>): Uint8Array {
    const { setup, signer } = this
    const value = { ...fields, job: bytesOfContentId(setup.job), epoch: setup.epoch, from: signer.publicKey } as unknown as T
    return signMessage(message, value, signer, setup.network)
  }

  /** A message reaches it, from wherever. */
  hear(from: PeerId, envelope: Uint8Array): void {
    if (this.machine.isUp && !this.tactics.every(({ hear }) => hear?.(this, from, envelope) !== false)) return
    this.tell({ type: 'message', from, envelope })
  }

  #start(): void {
    this.#lastMs = 0
    const record = this.machine.disk.read(this.#recordName)
    const { state, effects } = openGroup(this.setup, this.#meter.signer, this.nowMs, record, this.#meter.verification)
    this.group = state
    this.restored = state.open.sealed?.envelope
    this.#meter.take()
    this.#add(effects)
  }

  #stop(): void {
    this.group = undefined
    this.#life++
    this.#waiting = []
    this.#isSyncing = false
    this.#wakeAtMs = undefined
  }

  #add(effects: readonly GroupEffect[]): void {
    if (this.group === undefined) return
    this.#waiting.push(...effects)
    if (!this.#isSyncing) this.#perform()
  }

  #perform(): void {
    const life = this.#life
    for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
      if (!this.#begins(effect, life)) return
      if (effect.type !== 'store' && effect.type !== 'persist') {
        this.#act(effect)
        if (this.#life !== life) return
        continue
      }
      const written = [effect]
      this.#write(effect)
      for (let next = this.#waiting[0]; effect.type === 'persist' && next?.type === 'persist'; next = this.#waiting[0]) {
        this.#waiting.shift()
        if (!this.#begins(next, life)) return
        this.#write(next)
        written.push(next)
      }
      if (!this.machine.acts()) return
      this.#isSyncing = true
      this.machine.disk.sync((failure) => {
        this.#isSyncing = false
        // who can't write must not go on: it leaves, and is started again until it can
        if (failure !== undefined) {
          this.machine.crash({ keptPerMille: 0, torn: false }, RESTART_MS)
          return
        }
        for (const one of written) for (const envelope of this.#signedBefore.get(one) ?? []) this.around.watcher.said(this, envelope)
        this.#perform()
      })
      return
    }
  }

  /** False: it crashed instead. */
  #begins(effect: GroupEffect, life: number): boolean {
    if (!this.machine.acts()) return false
    const { watcher, onEffect, world } = this.around
    if (world.trace !== undefined) {
      const said = sayEffect(effect)
      if (said !== undefined) world.note(this.index, said)
    }
    watcher.effect(this, effect)
    onEffect(this, effect)
    return this.#life === life
  }

  /** Once durable, what was signed may be sent at any time, also if it goes to nobody at first: a collator's own seal. */
  #signed({ open: before }: Group, { open }: Group, effects: readonly GroupEffect[]): void {
    const persist = effects.find(({ type }) => type === 'persist')
    if (persist === undefined) return
    const envelopes: Uint8Array[] = []
    if (open.proposed !== undefined && open.proposed !== before.proposed) envelopes.push(open.proposed.envelope)
    if (open.sealed !== undefined && open.sealed !== before.sealed) envelopes.push(open.sealed.envelope)
    // sealed, and given up in the same step: the seal was first
    for (const effect of effects)
      if (effect.type === 'send' && peekMessageNumber(effect.envelope) === sealMessage.number) envelopes.push(effect.envelope)
    if (open.revealed !== undefined && open.revealed !== before.revealed) envelopes.push(open.revealed.envelope)
    if (open.ownTimeouts !== before.ownTimeouts) envelopes.push(...open.ownTimeouts.filter((one) => !before.ownTimeouts.includes(one)))
    if (envelopes.length > 0) this.#signedBefore.set(persist, envelopes)
  }

  #write(effect: GroupEffect & { type: 'store' | 'persist' }): void {
    const { disk } = this.machine
    if (effect.type === 'persist' && effect.bodies) this.#unwritten.clear()
    if (effect.type === 'store' && effect.lazy)
      for (const { cid } of effect.blocks) if (!disk.isSafe(blockName(cid))) this.#unwritten.add(cid)
    if (effect.type === 'persist') disk.writeRecord(this.#recordName, effect.bytes)
    else for (const { cid, bytes } of effect.blocks) disk.write(blockName(cid), bytes)
  }

  #act(effect: GroupEffect): void {
    if (effect.type === 'send') this.#send(effect.to, effect.envelope)
    else if (effect.type === 'execute') this.#execute(effect)
    else if (effect.type === 'fetch-bodies') this.#fetches.bodies(effect.requests, effect.from)
    else if (effect.type === 'fetch-state') this.#fetches.state(effect.root, effect.from)
    else if (effect.type === 'audit') audit(this, effect.dispute)
    else if (effect.type === 'fetch-batch') this.#fetchBatch(effect.hash, effect.from)
    else if (effect.type === 'wake') this.#wakeAt(effect.atMs)
  }

  #fetchBatch(hash: Uint8Array, from: readonly PeerId[]): void {
    const take = (bytes: Uint8Array): void => this.tell({ type: 'batch', bytes })
    this.#fetches.block(batchBlockId(hash), from, take, BODIES_STRAGGLER_MS)
    for (const give of this.around.jurors?.().values() ?? []) {
      const found = give(hexOf(hash))
      if (found !== undefined) this.machine.later(1, () => take(found))
    }
  }

  #send(to: readonly PeerId[], envelope: Uint8Array): void {
    if (this.isHonest) this.around.watcher.said(this, envelope)
    for (const peer of to) {
      let envelopes: readonly Uint8Array[] = [envelope]
      for (const { send } of this.tactics) if (send !== undefined) envelopes = envelopes.flatMap((one) => send(this, peer, one))
      for (const one of envelopes) this.post(peer, one)
    }
  }

  /** One timer; the latest time counts. A timer knows nothing of a clock that is set, so it may have to wait once more. */
  #wakeAt(atMs: number): void {
    this.#wakeAtMs = atMs
    this.machine.later(atMs - this.nowMs, () => {
      if (this.#wakeAtMs !== atMs) return
      if (this.nowMs < atMs) this.#wakeAt(atMs)
      else this.tell({ type: 'time' })
    })
  }

  #execute(effect: GroupEffect & { type: 'execute' }): void {
    const { ms, result } = this.around.run(this, effect)
    const told = this.tactics.reduce<ExecutionResult>((one, { run }) => run?.(this, effect, one) ?? one, result)
    const end = (given: ExecutionResult): void => this.tell({ type: 'executed', batch: effect.batch, from: effect.from, result: given })
    const missing = effect.requests.filter(({ cid }) => this.block(cid) === undefined)
    let [left, isOver] = [missing.length, false]
    if (left === 0) {
      this.machine.later(ms, () => end(told))
      return
    }
    // bodies that rotted: the others have them, for a while
    for (const { cid } of missing) {
      this.#fetches.block(cid, this.setup.members, (bytes) => {
        this.hold(cid, bytes)
        if (--left > 0 || isOver) return
        isOver = true
        this.machine.later(ms, () => end(told))
      })
    }
    this.machine.later(REPAIR_MS, () => {
      if (!isOver) end({ type: 'abstained' })
      isOver = true
    })
  }

  /** A block, or a batch by its hash, as it gives it to others. */
  give(name: string, to: PeerId): Uint8Array | undefined {
    return this.serve(blockOf(name), to)
  }
  /** The same of its own. */
  own(name: string): Uint8Array | undefined {
    return this.block(blockOf(name))
  }

  /** On the disk first. What a liar served is kept under its own name. */
  keep(cid: ContentId, bytes: Uint8Array, then: () => void): void {
    const life = this.#life
    this.machine.disk.write(blockName(contentIdOf(bytes, codecOf(cid))), bytes)
    this.machine.disk.sync((failure) => {
      if (failure === undefined && this.#life === life) then()
    })
  }

  /** A batch that it has, by its hash: in memory, or on its disk. */
  batch(hash: string): Uint8Array | undefined {
    const { group } = this
    if (group === undefined) return undefined
    const known = group.steps.find(({ certified }) => hexOf(certified.batch.hash) === hash)?.certified.batch
    return (known ?? group.open.batches.get(hash))?.bytes ?? this.block(batchBlockId(bytesOfHex(hash)))
  }

  serve(cid: ContentId, to: PeerId): Uint8Array | undefined {
    if (this.group === undefined) return undefined
    const block = this.block(cid)
    return this.tactics.reduce<Uint8Array | undefined>((one, { serve }) => (serve === undefined ? one : serve(this, cid, one, to)), block)
  }
}
