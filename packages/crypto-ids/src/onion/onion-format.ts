import { hmacSha256 } from '../hash.js'

/**
 * The group that an onion's keys live in. Scalars are 32 bytes in the group's own form (clamped, reduced, as it likes), and
 * `multiply` must commute: a·(b·P) = b·(a·P) for every point that it takes.
 */
export interface OnionGroup {
  /** The length of a public key on the wire. */
  readonly keyBytes: number
  readonly publicKeyOf: (secret: Uint8Array) => Uint8Array
  /** @throws {CryptoError} where the bytes are no point, or the product would be the neutral element */
  readonly multiply: (secret: Uint8Array, point: Uint8Array) => Uint8Array
  /**
   * The 32 bytes that a hop shares with the sender. Two packets must never share them unless their key bytes are equal:
   * a group in which several encodings of a key give one product mixes `ephemeralKey` in.
   */
  readonly sharedSecretOf: (product: Uint8Array, ephemeralKey: Uint8Array) => Uint8Array
}

/** What two ends must agree on. A packet is: version 1, ephemeral key, routing area, HMAC 32. */
export interface OnionFormat {
  readonly group: OnionGroup
  /** The first byte of every packet. */
  readonly version: number
  /** The size of every packet, at each hop. */
  readonly packetBytes: number
  /** What the packet leaves for the routing area: all hops' payloads, with 33 to 35 bytes for each. */
  readonly areaBytes: number
}

/** A hop's own key: a `Signer`, an `Agreement`, or the like for another group. `sharedSecret` gives the raw product. */
export interface OnionKey {
  readonly sharedSecret: (ephemeralKey: Uint8Array) => Uint8Array
}

export const MAC_BYTES = 32

/** @throws {RangeError} where nothing is left for the area, or a payload's length would not fit its two bytes */
export function onionFormat(parts: Pick<OnionFormat, 'group' | 'version' | 'packetBytes'>): OnionFormat {
  const areaBytes = parts.packetBytes - 1 - parts.group.keyBytes - MAC_BYTES
  if (!(areaBytes > MAC_BYTES && areaBytes <= 0xffff)) throw new RangeError(`an onion's area cannot have ${areaBytes} bytes`)
  return Object.freeze({ ...parts, areaBytes })
}

// BOLT-04's names: rho moulds the stream that hides the area, mu the HMAC. The tag is ours, and names a secret that was seen.
const LABELS = { rho: asciiOf('rho'), mu: asciiOf('mu'), pad: asciiOf('pad'), tag: asciiOf('tag') } as const

/** The 32-byte key for one purpose. */
export function keyFor(purpose: keyof typeof LABELS, secret: Uint8Array): Uint8Array {
  return hmacSha256(LABELS[purpose], secret)
}

export function xorInto(target: Uint8Array, mask: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) ^ (mask[i] as number)
}

function asciiOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
