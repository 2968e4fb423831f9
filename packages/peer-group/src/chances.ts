/** A chance as an exact fraction: nothing is rounded before `numberOf`. */
export interface Fraction {
  readonly over: bigint
  readonly under: bigint
}
/** A share of peers, in parts per million. */
export const MILLION = 1_000_000n

/** How many ways there are to draw k of n, order aside. */
export function waysToDraw(n: bigint, k: bigint): bigint {
  if (k < 0n || k > n) return 0n
  let ways = 1n
  for (let i = 1n; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}

/** Peers to draw from: `marked` of `all`; or, without `all`, so many that a draw doesn't change the share: `markedPpm` of a million. */
export type Urn = { readonly marked: bigint; readonly all: bigint } | { readonly markedPpm: bigint; readonly all?: never }

/** The chance of each number of marked ones among `drawn` different peers, from 0 on: hypergeometric; from an urn without end, binomial. */
export function chancesOfMarked(urn: Urn, drawn: number): readonly Fraction[] {
  const n = BigInt(drawn)
  const under = urn.all === undefined ? MILLION ** n : waysToDraw(urn.all, n)
  return Array.from({ length: drawn + 1 }, (_, marked) => ({ over: waysOfMarked(urn, n, BigInt(marked)), under }))
}

function waysOfMarked(urn: Urn, n: bigint, k: bigint): bigint {
  if (urn.all !== undefined) return waysToDraw(urn.marked, k) * waysToDraw(urn.all - urn.marked, n - k)
  return waysToDraw(n, k) * urn.markedPpm ** k * (MILLION - urn.markedPpm) ** (n - k)
}

/** What is left of an urn after `drawn` peers, `marked` of them marked, were taken out. */
export function urnAfter(urn: Urn, drawn: number, marked: number): Urn {
  return urn.all === undefined ? urn : { marked: urn.marked - BigInt(marked), all: urn.all - BigInt(drawn) }
}

export function sumOf(fractions: readonly Fraction[]): Fraction {
  return fractions.reduce(
    (a, b) =>
      a.under === b.under
        ? { over: a.over + b.over, under: a.under }
        : { over: a.over * b.under + b.over * a.under, under: a.under * b.under },
    { over: 0n, under: 1n },
  )
}
export const productOf = (a: Fraction, b: Fraction): Fraction => ({ over: a.over * b.over, under: a.under * b.under })

const KEPT_BITS = 64
/** The fraction as a number, right to its last bit but one: 64 bits of the quotient are taken before it is rounded. */
export function numberOf({ over, under }: Fraction): number {
  if (over === 0n) return 0
  const shift = KEPT_BITS - (bitsOf(over) - bitsOf(under))
  const quotient = shift >= 0 ? (over << BigInt(shift)) / under : over / (under << BigInt(-shift))
  return Number(quotient) * 2 ** -shift
}
const bitsOf = (n: bigint): number => n.toString(16).length * 4
