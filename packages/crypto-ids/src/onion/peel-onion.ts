import { concatBytes } from '@interpeer/wire-codec'
import * as backend from '#backend'
import { CryptoError, requireLength } from '../errors.js'
import { equalBytes, hmacSha256, sha256 } from '../hash.js'
import { readFrame } from './hop-frame.js'
import { keyFor, MAC_BYTES, type OnionFormat, type OnionKey, xorInto } from './onion-format.js'
import type { ReplayMemory } from './replay-memory.js'

export interface PeelOptions {
  /** As the sender had it. */
  readonly associatedData: Uint8Array
  /** What this key peeled before. It learns this packet, unless it is refused as forged. */
  readonly memory: ReplayMemory
  /** Network time, for the memory. */
  readonly nowMs: number
}

export interface PeeledOnion {
  readonly payload: Uint8Array
  /** The packet for the next hop, as long as the one that came; undefined where the way ends here. */
  readonly next: Uint8Array | undefined
}

/**
 * Takes one layer off. A relay learns its payload and whether it is the last, and neither how many hops there are nor its place;
 * the work done, byte for byte, is the same for all of them, the last hop included.
 * @throws {CryptoError} BYTES_LENGTH, ONION_VERSION, what `key` throws for an ephemeral key that is no use (SHARED_SECRET_ZERO,
 * ONION_KEY_UNUSABLE), ONION_FORGED (any byte altered, other associated data, another hop's packet), ONION_REPLAYED,
 * ONION_MEMORY_FULL, ONION_MALFORMED (the sender's own fault)
 */
export function peelOnion(
  format: OnionFormat,
  packet: Uint8Array,
  key: OnionKey,
  { associatedData, memory, nowMs }: PeelOptions,
): PeeledOnion {
  const { group, version, packetBytes, areaBytes } = format
  requireLength(packet, packetBytes, 'onion packet')
  if (packet[0] !== version) throw new CryptoError({ code: 'ONION_VERSION', version: packet[0] as number })
  const areaAt = 1 + group.keyBytes
  const point = packet.subarray(1, areaAt)
  const area = packet.subarray(areaAt, areaAt + areaBytes)
  const secret = group.sharedSecretOf(key.sharedSecret(point), point)
  const mac = hmacSha256(keyFor('mu', secret), area, associatedData)
  if (!equalBytes(mac, packet.subarray(areaAt + areaBytes))) throw new CryptoError({ code: 'ONION_FORGED' })
  memory.admit(keyFor('tag', secret), nowMs)

  // The area and as many zeros, uncovered: whatever this hop's frame took from the front, a whole area is left behind it.
  const clear = backend.chacha20(keyFor('rho', secret), 2 * areaBytes)
  xorInto(clear.subarray(0, areaBytes), area)
  const nextPoint = group.multiply(sha256(point, secret), point)
  const frame = readFrame(clear, areaBytes)
  if (frame === undefined) throw new CryptoError({ code: 'ONION_MALFORMED' })
  const restAt = frame.to + MAC_BYTES
  const nextMac = clear.subarray(frame.to, restAt)
  const next = concatBytes(packet.subarray(0, 1), nextPoint, clear.subarray(restAt, restAt + areaBytes), nextMac)
  return { payload: clear.slice(frame.from, frame.to), next: equalBytes(nextMac, NO_MAC) ? undefined : next }
}

const NO_MAC = new Uint8Array(MAC_BYTES)
