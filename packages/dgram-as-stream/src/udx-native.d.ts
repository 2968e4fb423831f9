// Hand-written: udx-native ships no types. Only what src/ uses is declared, so that the surface to replace stays visible.
declare module 'udx-native' {
  import type { EventEmitter } from 'node:events'
  import type { Duplex } from 'node:stream'

  export interface UdxAddress {
    readonly host: string
    readonly family: 4 | 6
    readonly port: number
  }

  export interface UdxSocket extends EventEmitter {
    readonly streams: ReadonlySet<UdxStream>
    readonly packetsDroppedByKernel: number
    bind(port: number, host?: string): void
    address(): UdxAddress | null
    close(): Promise<void>
    getRecvBufferSize(): number
    setRecvBufferSize(bytes: number): void
    getSendBufferSize(): number
    setSendBufferSize(bytes: number): void
    /** Resolves with true also when the kernel refused the datagram. Rejects where `host` is no address or can't be read, and then keeps the request for good. */
    send(bytes: Uint8Array, port: number, host: string): Promise<boolean>
    trySend(bytes: Uint8Array, port: number, host: string): void
  }

  /** A streamx Duplex: the part of node's Duplex used here behaves alike. */
  export interface UdxStream extends Duplex {
    readonly id: number
    readonly mtu: number
    connect(socket: UdxSocket, remoteId: number, port: number, host: string): void
  }

  export default class UDX {
    createSocket(options?: { readonly ipv6Only?: boolean; readonly reuseAddress?: boolean }): UdxSocket
    createStream(id: number, options?: { readonly framed?: boolean; readonly seq?: number }): UdxStream
    static isIP(host: string): 0 | 4 | 6
  }
}
