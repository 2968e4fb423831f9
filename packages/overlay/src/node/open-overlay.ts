import { randomBytes } from 'node:crypto'
import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import { bindDatagrams } from '@interpeer/dgram-as-stream'
import { OverlayCore } from '../core.js'
import type { Address } from '../core-events.js'
import { OverlayShell } from './overlay-shell.js'

export interface OverlayOptions {
  readonly signer: Signer
  /** Peers of different networks never understand each other: the id is part of every handshake. */
  readonly network: NetworkId
  /** An address of this machine, such as 127.0.0.1, 0.0.0.0 or ::. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Secret bytes of the given length. Default: node:crypto's. */
  readonly random?: (length: number) => Uint8Array
  /** What is worth a line: handlers that threw, and a step of time that failed, which is a fault of ours. Nothing a stranger can cause is logged; that is only counted. */
  readonly log?: (event: string, details: Readonly<Record<string, unknown>>) => void
}

export interface RequestOptions {
  /** Default 30,000 ms. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** At most, and by default, 16 MiB. */
  readonly maxReplyBytes?: number
}

export interface Overlay {
  readonly peerId: PeerId
  /** Where this overlay is bound: the real port, also when 0 was asked for. */
  readonly address: Address
  /** Adds to the address book. An address that a session has proven is tried first, this one beside it. */
  setAddress(peer: PeerId, address: Address): void
  /** The address that the newest session has proven, otherwise what the book says. */
  addressOf(peer: PeerId): Address | undefined
  /**
   * Best effort, at most 1 MiB: up to 9,440 bytes go as one to eight datagrams, more by the bulk stream. No order is promised.
   * While the handshake runs messages wait (256 of them, 4 MiB). Whatever is dropped is counted. Never throws for what `to` does.
   */
  send(to: PeerId, message: Uint8Array): void
  /**
   * Reliable, at most 16 MiB each way. `body` is not to be altered until it is settled. `retryable` of the error says whether the same request may succeed later; it may have
   * been carried out although it failed.
   * @throws {OverlayError} (as a rejection) BODY_TOO_LARGE, BUSY, CLOSED, NO_ADDRESS, PEER_UNREACHABLE, QUEUE_FULL, REFUSED,
   *   REPLY_TOO_LARGE, REQUEST_ABORTED, REQUEST_FAILED, REQUEST_TIMEOUT, TO_SELF
   */
  request(to: PeerId, body: Uint8Array, options?: RequestOptions): Promise<Uint8Array>
  /** `from` is proven. The last handler given is the one. */
  onMessage(handler: (from: PeerId, bytes: Uint8Array) => void): void
  /** `from` is proven. A handler that throws or rejects answers REFUSED; its words stay here. */
  onRequest(handler: (from: PeerId, body: Uint8Array) => Promise<Uint8Array>): void
  /** How often what happened, by code (README, "Counters"), and how much is held. */
  counters(): Record<string, number>
  /** Tells the peers, fails what is under way with CLOSED, and lets go of the port. */
  close(): Promise<void>
}

/**
 * Binds a UDP socket and speaks the overlay's protocol on it.
 * @throws {DgramError} ADDRESS_SYNTAX, BIND_FAILED
 */
export async function openOverlay(options: OverlayOptions): Promise<Overlay> {
  const { signer, network, host, port } = options
  const random = options.random ?? ((length: number) => new Uint8Array(randomBytes(length)))
  const socket = await bindDatagrams({ host, port })
  const core = new OverlayCore({ signer, network, random })
  return new OverlayShell({ socket, core, peerId: signer.peerId, log: options.log ?? (() => {}) })
}
