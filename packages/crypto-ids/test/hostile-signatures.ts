import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { GROUP_ORDER, leOfNumber, numberOfLe } from '../src/little-endian.js'
import { bytesOf, dice } from './backends.js'

const Point = ed25519.Point
const FIELD = 2n ** 255n - 19n

export interface Hostile {
  readonly kind: string
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}

/** The eight points of small order. */
const TORSION = (() => {
  const generator = Point.fromBytes(bytesOf('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'), true)
  const points = [Point.ZERO]
  for (let i = 1; i < 8; i++) points.push((points[i - 1] as typeof generator).add(generator))
  return points
})()

/**
 * Signatures whose author chose everything: keys and R with a part of small order, of small order only, in encodings that are not
 * canonical, S beyond the order, single bits flipped, bytes that are no point. Every seventh or so is honest.
 */
export function hostileSignatures(count: number): Hostile[] {
  const random = dice('hostile signatures')
  return Array.from({ length: count }, (_, i) => {
    const kinds = ['honest', 'mixed order', 'small key', 'small R', 'large S', 'flipped bit', 'not canonical', 'noise'] as const
    const kind = kinds[i % kinds.length] as (typeof kinds)[number]
    const pick = random(4)
    const torsion = (byte: number | undefined) => TORSION[(byte ?? 0) % 8] as (typeof TORSION)[number]
    const a = kind === 'small key' ? 0n : (numberOfLe(random(32)) % (GROUP_ORDER - 1n)) + 1n
    const r = kind === 'small R' ? 0n : (numberOfLe(random(32)) % (GROUP_ORDER - 1n)) + 1n
    const withTorsion = kind === 'mixed order' || kind === 'small key' || kind === 'small R'
    const point = (scalar: bigint, byte: number | undefined) => {
      const prime = scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar)
      return Uint8Array.from((withTorsion ? prime.add(torsion(byte)) : prime).toBytes())
    }
    const publicKey = point(a, pick[0])
    const rBytes = point(r, pick[1])
    if (kind === 'not canonical') {
      const target = (pick[2] as number) % 2 === 0 ? publicKey : rBytes
      target.set(leOfNumber(FIELD + BigInt((pick[3] as number) % 19) + ((pick[1] as number) % 2 === 0 ? 0n : 2n ** 255n), 32))
    }
    const message = random(1 + ((pick[2] as number) % 64))
    const k = numberOfLe(sha512(Uint8Array.of(...rBytes, ...publicKey, ...message))) % GROUP_ORDER
    const s = ((r + k * a) % GROUP_ORDER) + (kind === 'large S' ? GROUP_ORDER * BigInt(1 + ((pick[0] as number) % 7)) : 0n)
    const signature = kind === 'noise' ? random(64) : Uint8Array.of(...rBytes, ...leOfNumber(s, 32))
    if (kind === 'flipped bit') {
      const at = (pick[0] as number) % 96
      const [into, index] = at < 64 ? [signature, at] : [publicKey, at - 64]
      into[index] = (into[index] as number) ^ (1 << ((pick[1] as number) % 8))
    }
    return { kind, signature, message, publicKey }
  })
}
