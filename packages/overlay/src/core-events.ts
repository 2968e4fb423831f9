import type { PeerId } from '@interpeer/crypto-ids'
import type { OverlayFailure } from './errors.js'

/** An address in text and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

export const isSameAddress = (a: Address | undefined, b: Address | undefined): boolean => a?.host === b?.host && a?.port === b?.port

/** What the shell tells the core. `token`: the shell's own number for a request it makes; `ticket`: the core's, for one it hands out. */
export type CoreEvent =
  | { readonly type: 'datagram'; readonly from: Address; readonly bytes: Uint8Array }
  | { readonly type: 'time' }
  | { readonly type: 'set-address'; readonly peer: PeerId; readonly address: Address }
  | { readonly type: 'send'; readonly to: PeerId; readonly bytes: Uint8Array }
  | { readonly type: 'request'; readonly to: PeerId; readonly token: number; readonly body: Uint8Array; readonly maxReplyBytes: number }
  | { readonly type: 'cancel'; readonly token: number }
  | { readonly type: 'reply'; readonly ticket: number; readonly body: Uint8Array }
  | { readonly type: 'refuse'; readonly ticket: number }
  | { readonly type: 'stream-bytes'; readonly stream: number; readonly bytes: Uint8Array }
  | { readonly type: 'stream-closed'; readonly stream: number }
  | { readonly type: 'close' }

/** What the core asks of the shell. */
export type CoreEffect =
  | { readonly type: 'send'; readonly to: Address; readonly bytes: Uint8Array }
  | { readonly type: 'message'; readonly from: PeerId; readonly bytes: Uint8Array }
  | { readonly type: 'request'; readonly from: PeerId; readonly ticket: number; readonly body: Uint8Array }
  /** Nobody waits for the reply any more. */
  | { readonly type: 'abandon'; readonly ticket: number }
  | { readonly type: 'replied'; readonly token: number; readonly body: Uint8Array }
  | { readonly type: 'failed'; readonly token: number; readonly failure: OverlayFailure }
  | { readonly type: 'open-stream'; readonly stream: number; readonly remoteStream: number; readonly to: Address }
  | { readonly type: 'close-stream'; readonly stream: number }
  /** There are records to fetch with `nextRecord(stream)`, when the stream has room. */
  | { readonly type: 'wake-stream'; readonly stream: number }

/** What the parts of the core share: the time of this step, dice, effects, tallies. */
export interface Desk {
  readonly nowMs: number
  random(length: number): Uint8Array
  emit(effect: CoreEffect): void
  /** Adds to a counter; the codes are public (README, "Counters"). */
  count(code: string, by?: number): void
  /** Asks for a `time` event no later than this. */
  wakeBy(atMs: number): void
  /** A number that no request handed out has had. */
  ticket(): number
  /** Bytes held for all peers together. */
  readonly held: { incomingBytes: number; outgoingBytes: number; requestsServed: number }
}
