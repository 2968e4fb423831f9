import { type CborValue, decodeCbor, encodeCbor, Link } from '@interpeer/wire-codec'

const EDGES = [0, 1, 2, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 64n - 1n, -1]

/**
 * The same CBOR with one value in it changed, so that it is canonical still and comes further than bytes changed at random. Bytes within
 * bytes are taken for CBOR where they are. Undefined where `bytes` are no CBOR of ours.
 * @param mutate changes a byte string
 */
export function mutateCbor(bytes: Uint8Array, dice: () => number, mutate: (bytes: Uint8Array) => Uint8Array): Uint8Array | undefined {
  let value: CborValue
  try {
    value = decodeCbor(bytes)
  } catch {
    return undefined
  }
  try {
    return encodeCbor(changed(value, dice, mutate))
  } catch {
    return undefined // it has become too deep
  }
}

function changed(value: CborValue, dice: () => number, mutate: (bytes: Uint8Array) => Uint8Array): CborValue {
  const pick = (end: number): number => Math.floor(dice() * end)
  if (Array.isArray(value) && value.length > 0 && dice() < 0.9) {
    const [at, list] = [pick(value.length), [...value]]
    const how = dice()
    if (how < 0.05) list.splice(at, 1)
    else if (how < 0.1) list.splice(at, 0, list[pick(list.length)])
    else if (how < 0.15) list[at] = list[pick(list.length)]
    else list[at] = changed(list[at], dice, mutate)
    return list
  }
  if (dice() < 0.05) return otherKind(value)
  if (typeof value === 'number' || typeof value === 'bigint') {
    return dice() < 0.5 ? (EDGES[pick(EDGES.length)] as number) : typeof value === 'number' ? value + pick(5) - 2 : value
  }
  if (typeof value === 'string') return Buffer.from(mutate(Buffer.from(value))).toString()
  if (value instanceof Uint8Array) return (dice() < 0.7 ? mutateCbor(value, dice, mutate) : undefined) ?? mutate(value)
  if (value instanceof Link) {
    const cid = value.cid.slice()
    cid[pick(cid.length)] = pick(256)
    return new Link(cid)
  }
  return otherKind(value)
}

function otherKind(value: CborValue): CborValue {
  if (value === null) return 0
  return typeof value === 'boolean' ? !value : null
}
