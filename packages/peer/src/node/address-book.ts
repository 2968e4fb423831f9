import type { RecordStore } from '@interpeer/content-store'
import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { Registry } from '@interpeer/vote-chain'
import { ADDRESSES_MAX, addressExchange, issueMs, mergeAddresses, type PeerAddress, type Place, signAddress } from '../address-record.js'
import { AddressTries } from '../address-tries.js'
import { isReachable, type PeerEndpoint, placeName } from './endpoint.js'
import type { PeerLog } from './log.js'

const EXCHANGE_MS = 1_000
const FIRST_EXCHANGES_MS = 250
const ASK_MS = 3_000
/** While fewer exchanges than this succeeded, ask again quickly: a peer that just started wants to be found. */
const QUICK_EXCHANGES = 8
/** A clock that was wrong at the start is put right: the record of this peer's own address is issued anew so often. */
const ISSUE_MS = 300_000

/** Whether a key may have a seat: its address goes before strangers'. One that left or was terminated has none; a rotated one keeps those that it has until they change hands. */
export function mayHaveSeats(peer: PeerId, registry: Registry): boolean {
  const standing = registry.get(peer)?.standing
  return standing !== undefined && standing !== 'left' && standing !== 'terminated'
}

export interface AddressBookOptions {
  readonly signer: Signer
  readonly network: NetworkId
  readonly overlay: Pick<Overlay, 'request' | 'setAddress' | 'addressOf'>
  readonly records: RecordStore
  readonly bootstrap: readonly PeerEndpoint[]
  readonly log: PeerLog
  /** What others are told; undefined: nothing. They still learn where a session with this peer leads. */
  readonly own: { readonly host: string; readonly port: number } | undefined
  /** `mayHaveSeats`, as of now. Others are strangers: what they say of their addresses has to be shown. */
  readonly isRegistered: (peer: PeerId) => boolean
  /** Network time. It may jump. */
  readonly now: () => number
  readonly clock: {
    /** Of a clock that is never set. */
    readonly nowMs: () => number
    readonly after: (ms: number, act: () => void) => () => void
  }
}

/**
 * Knows where peers are. Self-signed address records are passed on by everyone (until the directory of WP §6.4.2.2 takes over), so
 * a peer that restarts on another port is found again within a moment. A stranger's is passed on, kept and given to the overlay only once
 * the stranger answered from where it says it is (ADR 0003).
 */
export class AddressBook {
  readonly #at: AddressBookOptions
  readonly #self: PeerId
  readonly #bootstrap: readonly PeerEndpoint[]
  readonly #named: ReadonlySet<PeerId>
  readonly #tries = new AddressTries()
  #addresses: ReadonlyMap<PeerId, PeerAddress> = new Map()
  #own: { readonly envelope: Uint8Array; readonly issuedMs: number; readonly atMs: number } | undefined
  /** When the newest record of this peer was issued that others were seen to have. */
  #othersMs = 0
  /** What the overlay was told, and what is on the disk. */
  readonly #told = new Map<PeerId, string>()
  readonly #kept = new Map<PeerId, Uint8Array>()
  readonly #heardMs = new Map<PeerId, number>()
  #succeeded = 0
  #endWait: (() => void) | undefined
  #stopped = false

  constructor(options: AddressBookOptions) {
    this.#at = options
    this.#self = options.signer.peerId
    this.#bootstrap = options.bootstrap.filter(({ peer }) => peer !== this.#self)
    this.#named = new Set(this.#bootstrap.map(({ peer }) => peer))
    this.#issue()
    this.#open()
    for (const { peer, host, port } of this.#bootstrap) options.overlay.setAddress(peer, { host, port })
  }

  /** Tells everyone known where this peer is, then goes on exchanging with one peer at a time. */
  start(): void {
    if (this.#endWait !== undefined) return
    for (const peer of this.known) void this.#exchange(peer)
    this.#next()
  }

  stop(): void {
    this.#stopped = true
    this.#endWait?.()
  }

  /** Answers a peer's exchange: takes what it knows, gives what we know. @throws {WireError} */
  answer(from: PeerId, request: Uint8Array): Uint8Array {
    this.#take(from, addressExchange.decode(request).records)
    return this.#message()
  }

  /** When a peer was last heard of, as network time is counted now; 0: never since the start. */
  heardMs(peer: PeerId): number {
    const { now, clock } = this.#at
    const heardMs = peer === this.#self ? clock.nowMs() : this.#heardMs.get(peer)
    return heardMs === undefined ? 0 : now() - (clock.nowMs() - heardMs)
  }

  /** Peers whose address is known, the bootstrap peers first: not those that are only told of. */
  get known(): readonly PeerId[] {
    return [...new Set([...this.#named, ...this.#sure().map(({ peer }) => peer)])]
  }

  #isKnown(peer: PeerId): boolean {
    return this.#named.has(peer) || this.#at.isRegistered(peer)
  }
  #hasAnswered({ peer, ...place }: Place): boolean {
    return this.#tries.hasAnswered(peer, placeName(place))
  }
  #sure(): readonly PeerAddress[] {
    return [...this.#addresses.values()].filter((address) => this.#isKnown(address.peer) || this.#hasAnswered(address))
  }

  #next(): void {
    if (this.#stopped) return
    this.#endWait = this.#at.clock.after(this.#succeeded < QUICK_EXCHANGES ? FIRST_EXCHANGES_MS : EXCHANGE_MS, () => {
      const nowMs = this.#at.clock.nowMs()
      if (nowMs >= (this.#own?.atMs ?? nowMs) + ISSUE_MS) this.#issue()
      this.#settle() // the chain may know others by now
      const all = [...new Set([...this.#named, ...this.#addresses.keys()])]
      const peer = this.#tries.next(all, (one) => this.#isDoubtful(one), nowMs)
      if (peer !== undefined) void this.#exchange(peer)
      this.#next()
    })
  }
  #isDoubtful(peer: PeerId): boolean {
    const address = this.#addresses.get(peer)
    return !this.#isKnown(peer) && (address === undefined || !this.#hasAnswered(address) || this.#tries.isSilent(peer))
  }

  async #exchange(peer: PeerId): Promise<void> {
    this.#tries.asked(peer, this.#named.has(peer), this.#at.clock.nowMs())
    const address = this.#addresses.get(peer)
    if (address !== undefined) this.#tell(address)
    try {
      const reply = await this.#at.overlay.request(peer, this.#message(), { timeoutMs: ASK_MS })
      this.#take(peer, addressExchange.decode(reply).records)
      this.#succeeded++
    } catch (error) {
      this.#at.log.debug({ err: error, peer }, 'no addresses from a peer')
    }
    this.#giveUpIfHopeless(peer)
  }

  /** Takes what a peer told over a session. */
  #take(from: PeerId, envelopes: readonly Uint8Array[]): void {
    const { overlay, clock } = this.#at
    const place = overlay.addressOf(from)
    const name = place === undefined ? '' : placeName(place) // where the session leads
    this.#merge(envelopes, from, name)
    const address = this.#addresses.get(from)
    // anyone can make keys and ask: only those with an address here are remembered, strangers only while it is theirs
    const isHere = address === undefined ? this.#named.has(from) : this.#isKnown(from) || placeName(address) === name
    if (isHere) {
      this.#tries.answered(from, name)
      this.#heardMs.set(from, clock.nowMs())
    }
    this.#settle()
  }

  #merge(envelopes: readonly Uint8Array[], from: PeerId, fromPlace: string): void {
    const { network, now, clock } = this.#at
    const before = this.#addresses
    const hasAnswered = (place: Place): boolean => this.#hasAnswered(place) || (place.peer === from && placeName(place) === fromPlace)
    const { addresses, changed, dropped, ownMs } = mergeAddresses(before, envelopes, {
      ...{ network, nowMs: now(), self: this.#self, own: this.#own?.envelope, isReachable, hasAnswered },
      isKnown: (peer) => this.#isKnown(peer),
      isBelieved: (place) => hasAnswered(place) || this.#isBelieved(place, from),
    })
    this.#addresses = addresses
    for (const { peer, ...place } of changed) {
      const earlier = before.get(peer)
      if (earlier !== undefined && placeName(earlier) !== placeName(place)) this.#tries.moved(peer, clock.nowMs())
    }
    for (const peer of dropped) this.#forget(peer)
    this.#othersMs = Math.max(this.#othersMs, ownMs)
    if (this.#own !== undefined && ownMs > this.#own.issuedMs) this.#issue()
  }
  /** A stranger is heard of from peers that count: who makes up keys can make up any number that vouch for each other. */
  #isBelieved({ peer, ...place }: Place, from: PeerId): boolean {
    const nowMs = this.#at.clock.nowMs()
    const there = this.#addresses.get(peer)
    if (there !== undefined && placeName(there) === placeName(place)) return true
    if (there !== undefined && !this.#tries.mayMove(peer, nowMs)) return false
    return this.#isKnown(peer) || (peer !== from && this.#isKnown(from) && !this.#tries.isGivenUp(peer, nowMs))
  }

  #giveUpIfHopeless(peer: PeerId): void {
    const address = this.#addresses.get(peer)
    if (address === undefined || this.#isKnown(peer) || !this.#tries.isHopeless(peer, placeName(address))) return
    const addresses = new Map(this.#addresses)
    addresses.delete(peer)
    this.#addresses = addresses
    this.#forget(peer)
    this.#tries.giveUp(peer, this.#at.clock.nowMs())
    this.#settle()
  }
  #forget(peer: PeerId): void {
    this.#tries.forget(peer)
    this.#heardMs.delete(peer)
    this.#told.delete(peer)
  }

  #issue(): void {
    const { own, signer, network, now, clock } = this.#at
    if (own === undefined) return
    const issuedMs = issueMs(now(), this.#othersMs)
    this.#own = { envelope: signAddress(signer, network, own, issuedMs), issuedMs, atMs: clock.nowMs() }
  }

  #message(): Uint8Array {
    const others = this.#sure().map(({ envelope }) => envelope)
    const own = this.#own === undefined ? [] : [this.#own.envelope]
    return addressExchange.encode({ records: [...own, ...others].slice(0, ADDRESSES_MAX) })
  }

  /** Tells the overlay, and the disk, of what is known by now, and the disk of what is not any more. */
  #settle(): void {
    const sure = this.#sure()
    for (const address of sure) this.#tell(address)
    const changed = sure.filter(({ peer, envelope }) => this.#kept.get(peer) !== envelope)
    const staying = new Set(sure.map(({ peer }) => peer))
    const gone = [...this.#kept.keys()].filter((peer) => !staying.has(peer))
    for (const { peer, envelope } of changed) this.#kept.set(peer, envelope)
    for (const peer of gone) this.#kept.delete(peer)
    if (changed.length + gone.length > 0) void this.#keep(changed, gone)
  }
  #tell({ peer, host, port }: PeerAddress): void {
    const name = placeName({ host, port })
    if (this.#told.get(peer) === name) return
    this.#told.set(peer, name)
    this.#at.overlay.setAddress(peer, { host, port })
  }
  async #keep(changed: readonly PeerAddress[], gone: readonly PeerId[]): Promise<void> {
    const { records, log } = this.#at
    try {
      if (changed.length > 0) await records.put(changed.map(({ peer, envelope }) => [peer, envelope] as const))
      if (gone.length > 0) await records.delete(gone)
    } catch (error) {
      log.debug({ err: error }, 'addresses could not be stored')
    }
  }

  /** Addresses are only hints: where the disk has spoiled them, the bootstrap peers tell them again. What is kept was known, or had answered. */
  #open(): void {
    const { network, now, records, log } = this.#at
    try {
      const stored = [...records.list('')].map(([, envelope]) => envelope)
      const all = { isKnown: () => true, hasAnswered: () => true, isBelieved: () => true }
      // whatever the time is now: a clock that went back must not make a peer forget, nor keep one that came from the future
      const rules = { network, nowMs: Number.MAX_SAFE_INTEGER, self: this.#self, isReachable, ...all }
      const { addresses } = mergeAddresses(new Map(), stored, rules)
      this.#addresses = new Map([...addresses].map(([peer, one]) => [peer, { ...one, issuedMs: Math.min(one.issuedMs, now()) }]))
    } catch (error) {
      log.warn({ err: error }, 'the addresses that this peer had stored can not be read')
    }
    for (const { peer, ...place } of this.#addresses.values()) this.#tries.answered(peer, placeName(place))
    for (const [peer, { envelope }] of this.#addresses) this.#kept.set(peer, envelope)
    this.#settle()
  }
}
