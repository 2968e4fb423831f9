import { concatBytes } from '@interpeer/wire-codec'
import * as backend from '#backend'
import { CryptoError, requireLength } from '../errors.js'
import { hmacSha256, sha256 } from '../hash.js'
import { frameBytesOf, payloadBytesIn, writeFrame } from './hop-frame.js'
import { keyFor, MAC_BYTES, type OnionFormat, xorInto } from './onion-format.js'

/** One stop of an onion's way. */
export interface OnionHop {
  /** In the format's group. For a peer: `montgomeryOf(keyOfPeerId(peerId))`. */
  readonly publicKey: Uint8Array
  /** What this hop alone reads: a relay, where to send the rest; the last hop, what the onion was sent for. */
  readonly payload: Uint8Array
}

export interface OnionPlan {
  /** In the order of the way; the last is who it is for. One hop is an onion too. */
  readonly hops: readonly OnionHop[]
  /** 32 random bytes, secret, for this one packet: two packets of one key can be told to be of one sender, and opened together. */
  readonly sessionKey: Uint8Array
  /** What every hop must know to accept the packet, and what is not sent: the network, a time slot. */
  readonly associatedData: Uint8Array
}

/**
 * A Sphinx packet as BOLT-04 has it (§6.2.1.2): `format.packetBytes`, whatever is in it. What payloads leave free is filled from a stream
 * of the session key's, so that the last hop cannot count the relays before it.
 * @throws {CryptoError} ONION_EMPTY, ONION_TOO_LARGE, BYTES_LENGTH, or what the group throws for a key that is no use
 */
export function createOnion(format: OnionFormat, { hops, sessionKey, associatedData }: OnionPlan): Uint8Array {
  if (hops.length === 0) throw new CryptoError({ code: 'ONION_EMPTY' })
  const { areaBytes } = format
  const used = hops.reduce((sum, { payload }) => sum + frameBytesOf(payload.length), 0)
  if (used > areaBytes) throw new CryptoError({ code: 'ONION_TOO_LARGE', areaBytes, given: used })
  requireLength(sessionKey, 32, 'onion session key')
  for (const { publicKey } of hops) requireLength(publicKey, format.group.keyBytes, 'onion hop key')

  const { ephemeralKey, secrets } = secretsOf(format, hops, sessionKey)
  const streams = secrets.map((secret) => backend.chacha20(keyFor('rho', secret), 2 * areaBytes))
  const filler = fillerOf(hops, streams, areaBytes)
  let area = backend.chacha20(keyFor('pad', sessionKey), areaBytes)
  let mac: Uint8Array = new Uint8Array(MAC_BYTES)
  for (let i = hops.length - 1; i >= 0; i--) {
    const { payload } = hops[i] as OnionHop
    const wrapped = new Uint8Array(areaBytes)
    const frameBytes = frameBytesOf(payload.length)
    writeFrame(wrapped, payload, mac)
    wrapped.set(area.subarray(0, areaBytes - frameBytes), frameBytes)
    xorInto(wrapped, streams[i] as Uint8Array)
    if (i === hops.length - 1) wrapped.set(filler, areaBytes - filler.length)
    mac = hmacSha256(keyFor('mu', secrets[i] as Uint8Array), wrapped, associatedData)
    area = wrapped
  }
  return concatBytes(Uint8Array.of(format.version), ephemeralKey, area, mac)
}

/**
 * How many bytes the last hop's payload may have after relays whose payloads have these lengths. Negative: not even an empty one
 * fits. Whoever fills it to the brim tells the last hop how many relays there were: keep to one size for all ways.
 */
export function onionCapacity(format: OnionFormat, relayPayloadBytes: readonly number[]): number {
  return payloadBytesIn(relayPayloadBytes.reduce((room, bytes) => room - frameBytesOf(bytes), format.areaBytes))
}

/**
 * What the sender shares with each hop. Every hop blinds the ephemeral key for the next, so each secret is one more product; one
 * multiplication at a time, because a product of clamped scalars is not clamped.
 */
function secretsOf({ group }: OnionFormat, hops: readonly OnionHop[], sessionKey: Uint8Array) {
  const ephemeralKey = group.publicKeyOf(sessionKey)
  const scalars = [sessionKey]
  const secrets: Uint8Array[] = []
  let point = ephemeralKey
  for (const { publicKey } of hops) {
    if (secrets.length > 0) point = group.multiply(scalars.at(-1) as Uint8Array, point)
    const product = scalars.reduce((sofar, scalar) => group.multiply(scalar, sofar), publicKey)
    const secret = group.sharedSecretOf(product, point)
    secrets.push(secret)
    scalars.push(sha256(point, secret))
  }
  return { ephemeralKey, secrets }
}

/** What the relays' zeros, appended and hidden hop by hop, will be in front of the last hop: its HMAC has to cover them. */
function fillerOf(hops: readonly OnionHop[], streams: readonly Uint8Array[], areaBytes: number): Uint8Array {
  let filler = new Uint8Array(0)
  for (const [i, { payload }] of hops.slice(0, -1).entries()) {
    const longer = new Uint8Array(filler.length + frameBytesOf(payload.length))
    longer.set(filler)
    xorInto(longer, (streams[i] as Uint8Array).subarray(areaBytes - filler.length))
    filler = longer
  }
  return filler
}
