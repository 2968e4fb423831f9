import { isIP } from 'node:net'
import type { RecordStore } from '@interpeer/content-store'
import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { Registry } from '@interpeer/vote-chain'
import { ADDRESSES_MAX, addressExchange, mergeAddresses, type PeerAddress, signAddress } from '../address-record.js'
import type { PeerEndpoint } from './endpoint.js'
import type { PeerLog } from './log.js'

const EXCHANGE_MS = 1_000
const FIRST_EXCHANGES_MS = 250
const ASK_MS = 3_000
/** While fewer exchanges than this succeeded, ask again quickly: a peer that just started wants to be found. */
const QUICK_EXCHANGES = 8

/** Whether a key may have a seat: its address goes before strangers'. One that left or was terminated has none; a rotated one keeps those that it has until they change hands. */
export function mayHaveSeats(peer: PeerId, registry: Registry): boolean {
  const standing = registry.get(peer)?.standing
  return standing !== undefined && standing !== 'left' && standing !== 'terminated'
}

/**
 * Knows where peers are. Everyone's self-signed address records are passed on by everyone (until the directory of WP §6.4.2.2 takes over), so
 * a peer that restarts on another port is found again within a moment.
 */
export class AddressBook {
  readonly #signer: Signer
  readonly #network: NetworkId
  readonly #overlay: Overlay
  readonly #records: RecordStore
  readonly #log: PeerLog
  readonly #isRegistered: (peer: PeerId) => boolean
  readonly #bootstrap: readonly PeerEndpoint[]
  #addresses: ReadonlyMap<PeerId, PeerAddress> = new Map()
  readonly #own: Uint8Array | undefined
  #timer: NodeJS.Timeout | undefined
  #turn = 0
  #succeeded = 0
  readonly #heardMs = new Map<PeerId, number>()
  #stopped = false

  constructor(at: {
    signer: Signer
    network: NetworkId
    overlay: Overlay
    records: RecordStore
    bootstrap: readonly PeerEndpoint[]
    log: PeerLog
    /** What others are told; undefined: nothing. They still learn where a session with this peer leads. */
    own: { readonly host: string; readonly port: number } | undefined
    /** `mayHaveSeats`, as of now. */
    isRegistered: (peer: PeerId) => boolean
  }) {
    this.#signer = at.signer
    this.#network = at.network
    this.#overlay = at.overlay
    this.#records = at.records
    this.#log = at.log
    this.#bootstrap = at.bootstrap.filter(({ peer }) => peer !== at.signer.peerId)
    this.#own = at.own === undefined ? undefined : signAddress(at.signer, at.network, at.own, Date.now())
    this.#isRegistered = at.isRegistered
    this.#merge(this.#stored())
    for (const { peer, host, port } of this.#bootstrap) at.overlay.setAddress(peer, { host, port })
  }

  /** Tells everyone known where this peer is, then goes on exchanging with one peer at a time. */
  start(): void {
    if (this.#timer !== undefined) return
    for (const peer of this.#known()) void this.#exchange(peer)
    this.#next()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Answers a peer's exchange: takes what it knows, gives what we know. @throws {WireError} */
  answer(from: PeerId, request: Uint8Array): Uint8Array {
    this.#merge(addressExchange.decode(request).records)
    this.#hear(from)
    return this.#message()
  }

  /** When a peer was last heard of, on this machine's clock; 0: never since the start. */
  heardMs(peer: PeerId): number {
    return peer === this.#signer.peerId ? Date.now() : (this.#heardMs.get(peer) ?? 0)
  }

  #hear(peer: PeerId): void {
    // anyone can make keys and ask: only those with an address here are remembered
    if (this.#known().includes(peer)) this.#heardMs.set(peer, Date.now())
  }

  /** Peers whose address is known, the bootstrap peers first. */
  get known(): readonly PeerId[] {
    return this.#known()
  }
  #known(): PeerId[] {
    return [...new Set([...this.#bootstrap.map(({ peer }) => peer), ...this.#addresses.keys()])]
  }

  #next(): void {
    if (this.#stopped) return
    const wait = this.#succeeded < QUICK_EXCHANGES ? FIRST_EXCHANGES_MS : EXCHANGE_MS
    this.#timer = setTimeout(() => {
      const known = this.#known()
      const peer = known[this.#turn++ % Math.max(1, known.length)]
      if (peer !== undefined) void this.#exchange(peer)
      this.#next()
    }, wait)
  }

  async #exchange(peer: PeerId): Promise<void> {
    try {
      const reply = await this.#overlay.request(peer, this.#message(), { timeoutMs: ASK_MS })
      this.#merge(addressExchange.decode(reply).records)
      this.#succeeded++
      this.#hear(peer)
    } catch (error) {
      this.#log.debug({ err: error, peer }, 'no addresses from a peer')
    }
  }

  /** Addresses are only hints: where the disk has spoiled them, the bootstrap peers tell them again. */
  #stored(): readonly Uint8Array[] {
    try {
      return [...this.#records.list('')].map(([, envelope]) => envelope)
    } catch (error) {
      this.#log.warn({ err: error }, 'the addresses that this peer had stored can not be read')
      return []
    }
  }

  #message(): Uint8Array {
    const others = [...this.#addresses.values()].map(({ envelope }) => envelope)
    const own = this.#own === undefined ? [] : [this.#own]
    return addressExchange.encode({ records: [...own, ...others].slice(0, ADDRESSES_MAX) })
  }

  #merge(envelopes: readonly Uint8Array[]): void {
    const { addresses, changed, dropped } = mergeAddresses(this.#addresses, envelopes, {
      network: this.#network,
      nowMs: Date.now(),
      self: this.#signer.peerId,
      isLiteral: (host) => isIP(host) !== 0,
      isRegistered: this.#isRegistered,
    })
    this.#addresses = addresses
    for (const peer of dropped) this.#heardMs.delete(peer)
    for (const { peer, host, port } of changed) this.#overlay.setAddress(peer, { host, port })
    if (changed.length + dropped.length > 0) void this.#keep(changed, dropped)
  }

  async #keep(changed: readonly PeerAddress[], dropped: readonly PeerId[]): Promise<void> {
    try {
      await this.#records.put(changed.map(({ peer, envelope }) => [peer, envelope] as const))
      if (dropped.length > 0) await this.#records.delete(dropped)
    } catch (error) {
      this.#log.debug({ err: error }, 'addresses could not be stored')
    }
  }
}
