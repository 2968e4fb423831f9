import { sha256 } from '@interpeer/crypto-ids'

const BUCKETS = 256
const NAME_BYTES = 16
/** Names of one height that are remembered: all votes of a few rounds, and as many transactions as a pool holds. */
const BUCKET_NAMES_MAX = 64

/** Names of messages that were met, and which neighbours sent each, as bits. A value: buckets are replaced, never altered. At most 16,384 names. */
export type Seen = readonly (ReadonlyMap<string, number> | undefined)[]
export const NO_NAMES: Seen = Array.from({ length: BUCKETS }, () => undefined)

/** The name of a message, whoever sends it: of its bytes and no others. Sixteen characters, of one byte each. */
export const nameOfMessage = (message: Uint8Array): string =>
  String.fromCharCode.apply(null, sha256(message).subarray(0, NAME_BYTES) as unknown as number[])

const bucketOf = (name: string): number => name.charCodeAt(name.length - 1) % BUCKETS

/** Which neighbours sent it; undefined: it was not met. */
export const heardFrom = (seen: Seen, name: string): number | undefined => seen[bucketOf(name)]?.get(name)

/** With one more. Of a full bucket the oldest is forgotten: it would only be checked again. */
export function withHeard(seen: Seen, name: string, bits: number): Seen {
  const at = bucketOf(name)
  const names = new Map(seen[at])
  const before = names.get(name) ?? 0
  if (before === 0 && names.size >= BUCKET_NAMES_MAX && !names.has(name)) names.delete(names.keys().next().value as string)
  const next = seen.slice()
  next[at] = names.set(name, before | bits)
  return next
}
