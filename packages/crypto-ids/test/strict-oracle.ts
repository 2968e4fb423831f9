import { createHash } from 'node:crypto'

// The STRICT rule once more, from RFC 8032 and nothing else: no noble, no OpenSSL, no list of points. Slow and plain on purpose.
const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (value: bigint) => ((value % P) + P) % P
function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square)
    square = mod(square * square)
  }
  return result
}
const inverse = (value: bigint) => power(value, P - 2n)
const D = mod(-121665n * inverse(121666n))
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n)

/** X/Z, Y/Z, and T = XY/Z (§5.1.4). */
export type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint]
const NEUTRAL: Point = [0n, 1n, 1n, 0n]
const BASE_Y = mod(4n * inverse(5n))
const BASE = decodePoint(bytesOfNumber(BASE_Y)) as Point

function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2))
  const b = mod((y1 + x1) * (y2 + x2))
  const c = mod(2n * D * t1 * t2)
  const d = mod(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

export function multiply(scalar: bigint, point: Point): Point {
  let [sum, doubled] = [NEUTRAL, point]
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, doubled)
    doubled = add(doubled, doubled)
  }
  return sum
}

const negative = ([x, y, z, t]: Point): Point => [mod(-x), y, z, mod(-t)]

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
function bytesOfNumber(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

export function encodePoint([x, y, z]: Point): Uint8Array {
  const scale = inverse(z)
  return bytesOfNumber(mod(y * scale) | ((mod(x * scale) & 1n) << 255n))
}

/** §5.1.3: undefined where y is p or more, no x exists, or a sign stands on x = 0. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  const number = numberOf(bytes)
  const [sign, y] = [number >> 255n, number & (2n ** 255n - 1n)]
  if (y >= P) return undefined
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)]
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n))
  if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT_OF_MINUS_1)
  if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return undefined
  if ((x & 1n) !== sign) x = mod(-x)
  return [x, y, 1n, mod(x * y)]
}

export function isOfSmallOrder(point: Point): boolean {
  const [x, y, z] = multiply(8n, point)
  return x === 0n && y === z
}

/** docs/design.md §3: S < L; A and R canonical and not of small order; the bytes of R are those of [S]B − [k]A. */
export function oracleVerdict(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  const s = numberOf(signature.subarray(32))
  if (s >= L) return false
  const [a, r] = [decodePoint(publicKey), decodePoint(signature.subarray(0, 32))]
  if (a === undefined || r === undefined || isOfSmallOrder(a) || isOfSmallOrder(r)) return false
  const k = numberOf(createHash('sha512').update(signature.subarray(0, 32)).update(publicKey).update(message).digest()) % L
  const expected = encodePoint(add(multiply(s, BASE), multiply(k, negative(a))))
  return expected.every((byte, i) => byte === signature[i])
}
