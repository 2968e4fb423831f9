import { concatBytes, hexOf } from '@interpeer/wire-codec'
import { ed25519 } from '@noble/curves/ed25519.js'
import { hmacSha256 } from '../src/hash.js'
import { GROUP_ORDER, leOfNumber, numberOfLe } from '../src/little-endian.js'
import { createOnion, onionCapacity } from '../src/onion/create-onion.js'
import { onionCell } from '../src/onion/onion-cell.js'
import { keyFor, xorInto } from '../src/onion/onion-format.js'
import { bytesOf, dice, noble } from './backends.js'

const random = dice('onion cells')
const secrets = Array.from({ length: 5 }, () => random(32))
const hopTo = (i: number, payload: Uint8Array) => ({ publicKey: onionCell.group.publicKeyOf(secrets[i] as Uint8Array), payload })
const associatedData = new TextEncoder().encode('interpeer vectors, slot 7')
const sessionKey = random(32)
const next = () => random(32) // what a relay needs: the PeerId of the next hop

type Hop = ReturnType<typeof hopTo>

/** Everything that vectors/onion-cells.json holds. `vitest run -u` writes the file anew. */
export function onionVectors() {
  return {
    format: 'version 81, X25519 key 32, area 1135, HMAC 32; README.md has the algorithm',
    associatedData: hexOf(associatedData),
    create: createCases(),
    peel: peelCases(),
  }
}

const oneHop = [hopTo(0, new TextEncoder().encode('for the first hop'))]
const fourHops = [hopTo(0, next()), hopTo(1, next()), hopTo(2, next()), hopTo(3, random(onionCapacity(onionCell, [32, 32, 32])))]

function createCases() {
  const cases: [string, string, Hop[]][] = [
    ['one hop', 'ok', oneHop],
    ['one hop and no payload', 'ok', [hopTo(0, new Uint8Array())]],
    ['one hop, full: 1,100 bytes', 'ok', [hopTo(0, random(1100))]],
    ['three relays, full: 905 bytes', 'ok', fourHops],
    ['payloads of 252 and 253 bytes, whose lengths take one byte and three', 'ok', [hopTo(0, random(252)), hopTo(1, random(253))]],
    ['the same hop twice', 'ok', [hopTo(0, next()), hopTo(0, random(10))]],
    ['34 hops without payloads, as many as there can be', 'ok', Array.from({ length: 34 }, (_, i) => hopTo(i % 5, new Uint8Array()))],
    ['no hop', 'ONION_EMPTY', []],
    ['one byte too many', 'ONION_TOO_LARGE', [hopTo(0, random(1101))]],
    ['35 hops', 'ONION_TOO_LARGE', Array.from({ length: 35 }, () => hopTo(0, new Uint8Array()))],
    ['a hop’s key of small order', 'SHARED_SECRET_ZERO', [hopTo(0, next()), { publicKey: new Uint8Array(32), payload: random(10) }]],
    ['a hop’s key of 31 bytes', 'BYTES_LENGTH', [{ publicKey: random(31), payload: random(10) }]],
  ]
  return cases.map(([name, expect, hops]) => ({
    name,
    expect,
    sessionKey: hexOf(sessionKey),
    hops: hops.map(({ publicKey, payload }) => ({ publicKey: hexOf(publicKey), payload: hexOf(payload) })),
    ...(expect === 'ok' ? { hex: hexOf(createOnion(onionCell, { hops, sessionKey, associatedData })) } : {}),
  }))
}

interface PeelCase {
  /** The hop's X25519 secret; the first hop's by default. */
  readonly secret?: Uint8Array
  readonly associatedData?: Uint8Array
  /** Whether the same packet was peeled before, with the same memory. */
  readonly seen?: boolean
}

function peelCases() {
  const good = createOnion(onionCell, { hops: fourHops, sessionKey, associatedData })
  const flipped = (at: number, mask = 1) => good.map((byte, i) => (i === at ? byte ^ mask : byte))
  const keyed = (other: Uint8Array) => concatBytes(good.subarray(0, 1), other, good.subarray(33))
  const cases: [string, string, Uint8Array, PeelCase?][] = [
    ['a byte too many', 'BYTES_LENGTH', concatBytes(good, Uint8Array.of(0))],
    ['a byte too few', 'BYTES_LENGTH', good.subarray(0, -1)],
    ['no bytes', 'BYTES_LENGTH', new Uint8Array()],
    ['version 1', 'ONION_VERSION', concatBytes(Uint8Array.of(1), good.subarray(1))],
    ['version 82', 'ONION_VERSION', concatBytes(Uint8Array.of(0x82), good.subarray(1))],
    ['the key 0', 'SHARED_SECRET_ZERO', keyed(new Uint8Array(32))],
    ['the key 1, of order 4', 'SHARED_SECRET_ZERO', keyed(leOfNumber(1n, 32))],
    ['the key p, another spelling of 0', 'SHARED_SECRET_ZERO', keyed(leOfNumber(2n ** 255n - 19n, 32))],
    ['the bit of the key that X25519 ignores', 'ONION_FORGED', flipped(32, 0x80)],
    ['a part of small order added to the key, which X25519 takes away', 'ONION_FORGED', keyed(withSmallOrder(sessionKey))],
    ['a flipped bit in the key', 'ONION_FORGED', flipped(1)],
    ['a flipped bit at the area’s start', 'ONION_FORGED', flipped(33)],
    ['a flipped bit at the area’s end', 'ONION_FORGED', flipped(1167)],
    ['a flipped bit at the HMAC’s start', 'ONION_FORGED', flipped(1168)],
    ['a flipped bit at the HMAC’s end', 'ONION_FORGED', flipped(1199, 0x80)],
    ['for another hop', 'ONION_FORGED', good, { secret: secrets[1] as Uint8Array }],
    ['other associated data', 'ONION_FORGED', good, { associatedData: new TextEncoder().encode('interpeer vectors, slot 8') }],
    ['no associated data', 'ONION_FORGED', good, { associatedData: new Uint8Array() }],
    ['the same packet again', 'ONION_REPLAYED', good, { seen: true }],
    ['a payload as long as there is room', 'ok', craft('fd044c')],
    ['a payload one byte longer', 'ONION_MALFORMED', craft('fd044d')],
    ['a payload of ffff bytes', 'ONION_MALFORMED', craft('fdffff')],
    ['the length 252 in three bytes', 'ONION_MALFORMED', craft('fd00fc')],
    ['a length of four bytes', 'ONION_MALFORMED', craft('fe0000000a')],
    ['a length of eight bytes', 'ONION_MALFORMED', craft('ff000000000000000a')],
  ]
  return [...allHops(good), ...cases.map((one) => peelCase(...one))]
}

/** Each hop of the four, on the packet that `peelByHand` gave for the one before. */
function allHops(first: Uint8Array) {
  let packet: Uint8Array | undefined = first
  return ['first', 'second', 'third', 'last'].map((place, i) => {
    const one = peelCase(`the ${place} of four hops`, 'ok', packet as Uint8Array, { secret: secrets[i] as Uint8Array })
    packet = one.next === undefined ? undefined : bytesOf(one.next)
    return one
  })
}

interface PeelVector {
  readonly name: string
  readonly expect: string
  readonly secret: string
  readonly associatedData?: string
  readonly seen?: boolean
  readonly hex: string
  readonly payload?: string
  /** What goes on to the next hop; none at the last. */
  readonly next?: string
}

function peelCase(name: string, expect: string, packet: Uint8Array, options: PeelCase = {}): PeelVector {
  const secret = options.secret ?? (secrets[0] as Uint8Array)
  const result = expect === 'ok' ? peelByHand(packet, secret) : {}
  const bound = options.associatedData === undefined ? {} : { associatedData: hexOf(options.associatedData) }
  return { name, expect, secret: hexOf(secret), ...bound, ...(options.seen ? { seen: true } : {}), hex: hexOf(packet), ...result }
}

const secretBetween = (own: Uint8Array, key: Uint8Array) =>
  noble.sha256([new TextEncoder().encode('interpeer onion'), key, noble.x25519(own, key) as Uint8Array])

/** What peeling gives, written down a second time and straight from the README. */
function peelByHand(packet: Uint8Array, own: Uint8Array) {
  const key = packet.slice(1, 33)
  const secret = secretBetween(own, key)
  const clear = concatBytes(packet.subarray(33, 1168), new Uint8Array(1135))
  xorInto(clear, noble.chacha20(noble.hmacSha256(new TextEncoder().encode('rho'), [secret]), 2270))
  const from = clear[0] === 0xfd ? 3 : 1
  const to = from + (from === 3 ? (clear[1] as number) * 256 + (clear[2] as number) : (clear[0] as number))
  const mac = clear.subarray(to, to + 32)
  const nextKey = noble.x25519(noble.sha256([key, secret]), key) as Uint8Array
  const onwards = concatBytes(Uint8Array.of(0x81), nextKey, clear.subarray(to + 32, to + 32 + 1135), mac)
  return { payload: hexOf(clear.subarray(from, to)), ...(mac.some((byte) => byte !== 0) ? { next: hexOf(onwards) } : {}) }
}

/** A packet for the first hop whose area begins with these bytes: what only a careless or hostile sender makes. */
function craft(start: string): Uint8Array {
  const key = onionCell.group.publicKeyOf(sessionKey)
  const secret = secretBetween(secrets[0] as Uint8Array, key)
  const area = new Uint8Array(1135)
  area.set(bytesOf(start))
  xorInto(area, noble.chacha20(keyFor('rho', secret), 1135))
  return concatBytes(Uint8Array.of(0x81), key, area, hmacSha256(keyFor('mu', secret), area, associatedData))
}

/** The public key of a secret, moved by a point of order 8: X25519's clamped scalars are multiples of 8 and give one product for both. */
function withSmallOrder(secret: Uint8Array): Uint8Array {
  const clamped = secret.map((byte, i) => (i === 0 ? byte & 248 : i === 31 ? (byte & 127) | 64 : byte))
  const point = ed25519.Point.BASE.multiply(numberOfLe(clamped) % GROUP_ORDER)
  const torsion = ed25519.Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  return ed25519.utils.toMontgomery(point.add(torsion).toBytes())
}
