/** The prime of Curve25519, d of the curve, and its base point (RFC 8032 §5.1). */
const P = 2n ** 255n - 19n
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const BASE = [
  15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  46316835694926478169428394003475163141307993866256225615783033603165251855960n,
] as const

const mod = (a: bigint): bigint => {
  const rest = a % P
  return rest < 0n ? rest + P : rest
}
function inverse(a: bigint): bigint {
  let [low, high, x, y] = [mod(a), P, 1n, 0n]
  while (low > 1n) {
    const times = high / low
    ;[low, high, x, y] = [high - times * low, low, y - times * x, x]
  }
  return mod(x)
}
/** Points are inverted so many at a time: one inversion for all of them. */
const BATCH = 4_096

/**
 * So many public keys, none twice: the base point's multiples 1, 2, 3… They are keys as those of real peers are, and cost a hundredth of what making
 * a key or checking one does, which is what a million of them needs.
 */
export function manyKeys(count: number): readonly Uint8Array[] {
  const keys: Uint8Array[] = []
  const [baseX, baseY] = BASE
  const baseT = mod(baseX * baseY)
  // extended coordinates (RFC 8032 §5.1.4), with the base point's Z = 1
  let [x, y, z, t]: [bigint, bigint, bigint, bigint] = [baseX, baseY, 1n, baseT]
  while (keys.length < count) {
    const points: (readonly [bigint, bigint, bigint])[] = []
    for (let left = Math.min(BATCH, count - keys.length); left > 0; left--) {
      points.push([x, y, z])
      const a = mod((y - x) * (baseY - baseX))
      const b = mod((y + x) * (baseY + baseX))
      const c = mod(t * 2n * mod(D * baseT))
      const d = 2n * z
      const [e, f, g, h] = [b - a, d - c, d + c, b + a]
      ;[x, y, t, z] = [mod(e * f), mod(g * h), mod(e * h), mod(f * g)]
    }
    keys.push(...encoded(points))
  }
  return keys
}
function encoded(points: readonly (readonly [bigint, bigint, bigint])[]): readonly Uint8Array[] {
  const before: bigint[] = []
  let product = 1n
  for (const [, , z] of points) {
    before.push(product)
    product = mod(product * z)
  }
  let inverted = inverse(product)
  const keys: Uint8Array[] = []
  for (let i = points.length - 1; i >= 0; i--) {
    const [x, y, z] = points[i] as readonly [bigint, bigint, bigint]
    const one = mod(inverted * (before[i] as bigint))
    inverted = mod(inverted * z)
    keys.push(keyOf(mod(x * one), mod(y * one)))
  }
  return keys.reverse()
}
function keyOf(x: bigint, y: bigint): Uint8Array {
  const key = new Uint8Array(32)
  const words = new BigUint64Array(key.buffer)
  for (let i = 0; i < 4; i++) words[i] = BigInt.asUintN(64, y >> BigInt(64 * i))
  if ((x & 1n) === 1n) key[31] = (key[31] as number) | 0x80
  return key
}
