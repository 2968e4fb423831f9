import {
  type BlockServer,
  type BlockStore,
  buildTree,
  type ContentStore,
  memoryStore,
  missingBlocks,
  openBlockServer,
  type RecordStore,
  wantBlocks,
} from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  contentIdOfBytes,
  createSigner,
  jobIdOf,
  networkIdOf,
  type PeerId,
  peekMessageNumber,
  peekPayload,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  certificateMessage,
  createVerification,
  finalMessage,
  firstStateBlock,
  quorumOf,
  revealMessage,
  siteRequest,
  verifyClosing,
  writeReply,
} from '@interpeer/peer-group'
import type { Random } from '@interpeer/simulator'
import { liveRoots } from '../src/live-roots.js'
import { numberOf } from '../src/message-number.js'
import { BlockKeeper } from '../src/node/block-keeper.js'
import { exchangeOver } from '../src/node/block-source.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { SiteHosts } from '../src/node/site-hosts.js'
import { decodeServed } from '../src/served-state.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'
import { readDuties } from './read-duties.js'
import { UNDISPUTED } from './undisputed.js'

export const network = networkIdOf(new Uint8Array([2]))
export const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
/** Shared by all members and seeds, so that each signature is verified once: no outcome depends on it. */
const verification = createVerification(network, 200_000)
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const files = buildTree([{ path: 'log', mode: 0o644, mtimeS: 0, bytes: new Uint8Array() }])
const start = firstStateBlock(files.root)
export const signerAt = (index: number): Signer => createSigner(sha256(Uint8Array.of(77, index)))
const visitor = signerAt(200)

/**
 * Peers with their real shells and stores; the wire, the clock, the power supply and the chain belong to the simulation. What a peer writes reaches
 * its disk some time after it asked for it; when the power goes in between, it may or may not have.
 */
export class KeepingWorld {
  readonly random: Random
  readonly peers: SimulatedPeer[] = []
  readonly problems: string[] = []
  readonly acknowledged = new Set<string>()
  view: SiteView
  closing: { readonly certificate: Uint8Array; readonly batch: Uint8Array } | undefined
  deletions = 0
  /** How long a disk takes at most, and the pause between collections. */
  readonly diskMs: number
  readonly collectMs: number
  readonly #signers = new Map<string, Set<PeerId>>()
  /** The last state that a quorum signed: from the moment that the last of them did, whoever knows of it. */
  #final: { readonly epoch: number; readonly step: number; readonly root: ContentId } | undefined
  #writes = 0

  constructor(random: Random, size: number, spares: number) {
    this.random = random
    this.diskMs = random.pick([3, 12, 60])
    this.collectMs = random.pick([40, 150, 400])
    for (let i = 0; i < size + spares; i++) this.peers.push(new SimulatedPeer(this, signerAt(i)))
    this.view = {
      ...{ job, name: 'log', uploader: visitor.peerId, runtime: 'counter', epoch: 0, previousMembers: [], openedByClosing: true },
      members: this.peers.slice(0, size).map(({ signer }) => signer.peerId),
      ...{ chainSeed: new Uint8Array(32).fill(7), start: start.cid, startTimeMs: 0, opensMs: 0, rerun: [], next: null },
      ...{
        recovering: false,
        closing: null,
        shows: [],
        disputes: [],
        ended: false,
        cycleMs: 1_500,
        answersProvisional: false,
        previousEpoch: 0,
        ...UNDISPUTED,
      },
    }
  }

  async open(): Promise<void> {
    for (const peer of this.peers) {
      if (this.view.members.includes(peer.signer.peerId)) await peer.disk.blocks.put([...files.blocks, start])
      peer.start()
    }
  }

  peerOf(id: PeerId): SimulatedPeer | undefined {
    return this.peers.find(({ signer }) => signer.peerId === id)
  }

  /** What the chain's next block says, to all who are up; who is not reads it when it starts. */
  tell(view: SiteView): void {
    this.view = view
    for (const peer of this.peers) peer.hosts?.onViews([view])
  }

  /** A visitor's write, to one member; again until one acknowledges it. */
  write(): void {
    const [text, id] = [`w${this.#writes++}`, this.random.bytes(16)]
    const ms = Date.now()
    const place = { id, ms, seenEpoch: 0, seenStep: 0, parts: [] }
    const body = new TextEncoder().encode(text)
    const asked = { method: 'POST', target: '/', host: 'log', https: false, headers: [], body }
    const value = { from: visitor.publicKey, job: bytesOfContentId(job), ...place, ...asked }
    const envelope = signMessage(siteRequest, value, visitor, network)
    const again = () => {
      if (this.acknowledged.has(text) || Date.now() > ms + 30_000) return
      const members = this.view.members.flatMap((peer) => this.peerOf(peer)?.hosts ?? [])
      if (members.length > 0) {
        const answered = this.random.pick(members).answer(visitor.peerId, envelope)
        answered.then(
          (reply) => {
            if (numberOf(reply) === writeReply.number) this.acknowledged.add(text)
          },
          () => {},
        )
      }
      setTimeout(again, 3_000)
    }
    again()
  }

  /** A message leaves a member: what it signed there it has to hold from now on. */
  sent(from: PeerId, envelope: Uint8Array): void {
    const number = peekMessageNumber(envelope)
    if (number === revealMessage.number) this.#signed(from, envelope)
    if (number === finalMessage.number) {
      // who put the reveals together sent its own in there
      const { certificate } = finalMessage.decode(peekPayload(envelope) ?? new Uint8Array())
      for (const reveal of certificateMessage.decode(certificate).reveals) this.#signed(undefined, reveal)
    }
    this.check(from)
  }

  #signed(from: PeerId | undefined, reveal: Uint8Array): void {
    const { from: key, epoch, step, answer } = revealMessage.decode(peekPayload(reveal) ?? new Uint8Array())
    const root = contentIdOfBytes(answer.root)
    const place = `${epoch} ${step} ${root}`
    const signers = this.#signers.get(place) ?? new Set()
    this.#signers.set(place, signers.add(from ?? peerIdOfKey(key)))
    const isLater = this.#final === undefined || epoch > this.#final.epoch || (epoch === this.#final.epoch && step > this.#final.step)
    if (isLater && signers.size >= quorumOf(this.view.members.length)) this.#final = { epoch, step, root }
  }

  /** The last final state is whole on the disk of every member that signed it, and so is what a member's own record says that it serves. */
  check(peer: PeerId): void {
    const disk = this.peerOf(peer)?.disk
    if (disk === undefined) return
    const { get } = disk.blocks
    const complain = (what: string, root: ContentId) => {
      const [missing] = missingBlocks(get, root)
      if (missing === undefined) return
      const place = `${this.#final?.epoch}/${this.#final?.step}`
      this.problems.push(
        `${what} is not whole with ${this.view.members.indexOf(peer)} at ${Date.now()}, ${place}: ${root} lacks ${missing}`,
      )
    }
    if (this.#final !== undefined) {
      const { epoch, step, root } = this.#final
      if (this.#signers.get(`${epoch} ${step} ${root}`)?.has(peer)) complain('the last final state', root)
    }
    const served = disk.records('sites').get(job)
    if (served !== undefined) complain('a state that is served', decodeServed(served).state)
  }

  /** The next epoch's view, as a block after the closing certificate says it. */
  opened(): SiteView {
    const { view, closing } = this
    if (closing === undefined || view.next === null) throw new Error('nothing closed')
    const { state, timeMs } = verifyClosing(closing.certificate, closing.batch, { network, job, epoch: view.epoch, members: view.members })
    const { members, chainSeed } = view.next
    this.closing = undefined
    return {
      ...view,
      epoch: view.epoch + 1,
      members,
      previousMembers: view.members,
      chainSeed,
      start: state,
      startTimeMs: timeMs,
      next: null,
    }
  }
}

/** One peer: a disk that stays, and one run after another on it. */
export class SimulatedPeer {
  readonly signer: Signer
  readonly disk: ContentStore = memoryStore()
  hosts: SiteHosts | undefined
  keeper: BlockKeeper | undefined
  server: BlockServer | undefined
  starts = 0
  readonly #world: KeepingWorld
  #power = { on: false, operationsLeft: Number.POSITIVE_INFINITY }

  constructor(world: KeepingWorld, signer: Signer) {
    this.#world = world
    this.signer = signer
  }

  get isUp(): boolean {
    return this.#power.on
  }

  start(): void {
    if (this.isUp) return
    this.starts++
    const { signer } = this
    const power = { on: true, operationsLeft: Number.POSITIVE_INFINITY }
    this.#power = power
    const records = (name: string) => this.#records(this.disk.records(name), power)
    const store: ContentStore = { ...this.disk, blocks: this.#blocks(power), records }
    const count = () => {}
    const overlay = this.#overlay(power)
    const keeper: BlockKeeper = new BlockKeeper({
      ...{ store, now: () => Date.now(), nowMs: () => Date.now(), count, log: quiet, graceMs: 0, everyMs: 3_600_000 },
      roots: () => liveRoots(hosts.holdings(), [], signer.peerId),
      tidy: () => hosts.forgetLeft(),
      mend: (cids) => hosts.mend(cids),
    })
    const hosts: SiteHosts = new SiteHosts({
      ...{ signer, network, verification, count, log: quiet, now: () => Date.now() },
      overlay,
      exchange: exchangeOver(overlay, keeper.blocks, count, quiet),
      store: keeper.blocks,
      holdBlocks: keeper.hold,
      self: signer.peerId,
      scripts: new ScriptQueue(new CounterRuntime(), keeper.blocks),
      fail: (error) => {
        this.#world.problems.push(`a peer could not go on: ${error}`)
      },
      groupRecords: records('groups'),
      siteRecords: records('sites'),
      outboxRecords: records('outbox'),
      audits: { everyMs: Number.POSITIVE_INFINITY, below: () => 0, nonce: () => new Uint8Array(32) },
      ...readDuties({ records }, count),
      submitClose: (_, certificate, batch) => {
        if (power.on) this.#world.closing ??= { certificate, batch }
      },
      submitShow: () => {},
    })
    this.hosts = hosts
    this.keeper = keeper
    this.server = openBlockServer({ get: keeper.blocks.get, now: () => Date.now() })
    hosts.onViews([this.#world.view])
    // one collection after another, as if a put found the store full again and again
    const collectOn = (): void => {
      const again = () => void setTimeout(collectOn, this.#world.random.below(this.#world.collectMs))
      if (power.on) void keeper.collect().then(again, again)
    }
    collectOn()
  }

  /** The power goes after so many more operations of the disk: 0 is now. */
  crashAfter(operations: number): void {
    this.#power.operationsLeft = operations
    if (operations === 0) this.#crash(this.#power)
  }

  receive(from: PeerId, message: Uint8Array): void {
    if (this.isUp) this.hosts?.onMessage(from, message)
  }
  async answer(from: PeerId, request: Uint8Array): Promise<Uint8Array | undefined> {
    return this.isUp && numberOf(request) === wantBlocks.number ? this.server?.answer(from, request) : undefined
  }

  #crash(power: { on: boolean }): void {
    if (!power.on) return
    power.on = false
    void this.hosts?.close() // only its timers: nothing that it asks of wire or disk happens any more
    this.hosts = undefined
    this.keeper = undefined
    this.server = undefined
  }

  /** Asks the disk for something: it happens a while later, or, when the power goes before that, perhaps. */
  #operate(power: { on: boolean; operationsLeft: number }, act: () => Promise<void>): Promise<void> {
    const { random } = this.#world
    return new Promise((resolve, reject) => {
      const happen = async () => {
        if (!power.on) return
        if (power.operationsLeft-- <= 0) {
          this.#crash(power)
          if (random.chance(500)) await act()
          return
        }
        act().then(() => power.on && resolve(), reject)
      }
      if (power.on) setTimeout(happen, random.below(this.#world.diskMs))
    })
  }

  #blocks(power: { on: boolean; operationsLeft: number }): BlockStore {
    const { blocks } = this.disk
    return {
      ...blocks,
      put: (given) => this.#operate(power, () => blocks.put(given)),
      delete: (cids) =>
        this.#operate(power, async () => {
          await blocks.delete(cids)
          this.#world.deletions += cids.length
          this.#world.check(this.signer.peerId)
        }),
    }
  }
  #records(records: RecordStore, power: { on: boolean; operationsLeft: number }): RecordStore {
    // the records of one store are written in the order in which they were asked for
    let last: Promise<void> = Promise.resolve()
    const inTurn = (act: () => Promise<void>) => {
      last = last.then(() => this.#operate(power, act))
      return last
    }
    return {
      ...records,
      put: (entries) => inTurn(() => records.put(entries)),
      delete: (keys) => inTurn(() => records.delete(keys)),
    }
  }

  #overlay(power: { on: boolean }): Overlay {
    const world = this.#world
    const self = this.signer.peerId
    const after = (act: () => void) => setTimeout(act, world.random.between(1, 25))
    const send: Overlay['send'] = (to, message) => {
      if (!power.on) return
      world.sent(self, message)
      if (world.random.chance(30)) return
      after(() => world.peerOf(to)?.receive(self, message))
    }
    const request: Overlay['request'] = (to, message) =>
      new Promise((resolve, reject) => {
        after(async () => {
          const reply = await world.peerOf(to)?.answer(self, message)
          after(() => (reply === undefined ? reject(new Error('no answer')) : power.on && resolve(reply)))
        })
      })
    return { send, request } as Overlay
  }
}
