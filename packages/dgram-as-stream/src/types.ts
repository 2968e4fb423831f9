import type { DgramError } from './errors.js'

/** An IPv4 or IPv6 address in text, never a host name: nothing here asks a resolver. `port` is 1 to 65,535. */
export interface SocketAddress {
  readonly host: string
  readonly port: number
}

export interface ReceivedDatagram {
  readonly from: SocketAddress
  /** 0 to 65,507 bytes. The memory is the reader's own. */
  readonly bytes: Uint8Array
}

export interface OutgoingDatagram {
  readonly to: SocketAddress
  /** Not to be altered until the write has resolved. */
  readonly bytes: Uint8Array
}

export interface BindOptions {
  /** An address of this machine, such as 127.0.0.1, 0.0.0.0 or ::. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** What the kernel is asked to keep for us in each direction, in bytes. Default 4 MiB; the kernel may give less. */
  readonly receiveBufferBytes?: number
  /** How many received datagrams wait for the reader before more are dropped and counted. Default 1,024. */
  readonly receiveQueueDatagrams?: number
}

export interface StreamOptions {
  /** The name of this end: 1 to 2^32 - 1, random, not in use on this socket. The headers are not authenticated, so a guessed id can be reset. */
  readonly localId: number
  /** The name of the other end, which its owner chose. */
  readonly remoteId: number
  readonly to: SocketAddress
  /**
   * How many received bytes wait for the reader before the stream is given up (`STREAM_OVERFLOW`). Default 8 MiB.
   * The protocol below can't slow its sender for a slow reader, so whoever can't keep up must say so in its own protocol.
   */
  readonly receiveQueueBytes?: number
}

/**
 * A reliable, ordered, congestion-controlled stream of bytes beside the datagrams of one socket. It is neither encrypted nor
 * authenticated: whoever learns the ids can reset it or write into it. Seal what you send, and blame nobody for a reset.
 */
export interface ReliableStream {
  readonly localId: number
  readonly readable: ReadableStream<Uint8Array>
  /** A write resolves when the stream wants more. Closing it ends this direction only. */
  readonly writable: WritableStream<Uint8Array>
  /** Resolves, and never rejects: with nothing after both directions ended or `destroy`, otherwise with the reason. */
  readonly closed: Promise<DgramError | undefined>
  /** Ends both directions at once; the other end sees a reset. */
  destroy(): void
}

export interface DatagramCounters {
  readonly received: number
  /** Handed to the system. What the kernel refuses at once counts here too, since udx doesn't tell. */
  readonly sent: number
  /** The reader was too slow (`desiredSize` <= 0). */
  readonly droppedQueueFull: number
  /** Its address was not one, or of another family than the socket, or it was too long. */
  readonly sendFailed: number
  /** What the kernel says it dropped before we saw it (0 where it does not say). */
  readonly droppedByKernel: number
}

export interface DatagramSocket {
  /** Where the socket is bound: the real port, also when 0 was asked for. */
  readonly address: SocketAddress
  readonly readable: ReadableStream<ReceivedDatagram>
  /** A chunk is one datagram or an array of them: arrays cost a third less. A refused datagram is counted, never thrown. */
  readonly writable: WritableStream<OutgoingDatagram | readonly OutgoingDatagram[]>
  /** What the kernel granted, in bytes. */
  readonly receiveBufferBytes: number
  /**
   * Opens one end. The other end must be opened too, with the two ids exchanged: do that before writing, because what
   * arrives for an id that isn't open yet is only sent again after a second.
   * @throws {DgramError} ADDRESS_SYNTAX, STREAM_ID_RANGE, STREAM_ID_TAKEN, SOCKET_CLOSED
   */
  openStream(options: StreamOptions): ReliableStream
  counters(): DatagramCounters
  /** Destroys the streams, closes the socket, ends `readable`. Resolves when the system has let go of the port. */
  close(): Promise<void>
}
