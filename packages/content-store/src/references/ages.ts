import type { ContentId } from '@interpeer/crypto-ids'
import { decodeWith, encodeWith, list, struct, text, uint53 } from '@interpeer/wire-codec'

/** The most blocks whose age is written down, those longest without a reference first; the others begin anew after a restart. */
export const AGES_MAX = 200_000
/** Characters of a ContentId's text that stand for it: 70 bits of its hash. Blocks that share them share the older age. */
const [NAME_FROM, NAME_LENGTH] = [8, 14]
const GROUPS_MAX = 64
export const AGES_MAX_BYTES = 4 * 1024 * 1024
/** As it is on disk. */
export const agesSchema = struct({ groups: list(struct({ sinceMs: uint53, names: text(AGES_MAX * NAME_LENGTH) }), GROUPS_MAX) })

/** Since when blocks have had no reference, by what stands for their CID. */
export type Ages = Map<string, number>
export const ageNameOf = (cid: ContentId): string => cid.slice(NAME_FROM, NAME_FROM + NAME_LENGTH)

/**
 * For a record, of at most 2.9 MB. Where there are too many different times some are rounded up, so that no grace gets shorter.
 * @param shiftMs from the clock of `since` to that of the record
 */
export function writeAges(since: ReadonlyMap<ContentId, number>, shiftMs = 0): Uint8Array {
  const groups: { sinceMs: number; names: string }[] = []
  const byTime = [...cidsByTime(since)].sort(([a], [b]) => a - b)
  const perGroup = Math.ceil(byTime.length / GROUPS_MAX)
  let left = AGES_MAX
  for (let at = 0; at < byTime.length && left > 0; at += perGroup) {
    const some = byTime.slice(at, at + perGroup)
    const names = some.flatMap(([, cids]) => cids.map(ageNameOf)).slice(0, left)
    left -= names.length
    const sinceMs = Math.ceil((some.at(-1)?.[0] as number) + shiftMs)
    groups.push({ sinceMs: Math.max(0, sinceMs), names: names.join('') })
  }
  return encodeWith(agesSchema, { groups }, AGES_MAX_BYTES)
}

/** What `writeAges` wrote. No time is later than `nowMs`: a clock that went back must not keep blocks for ever. @throws {WireError} */
export function readAges(record: Uint8Array, nowMs: number): Ages {
  const ages: Ages = new Map()
  for (const { sinceMs, names } of decodeWith(agesSchema, record, AGES_MAX_BYTES).groups) {
    for (let at = 0; at + NAME_LENGTH <= names.length; at += NAME_LENGTH) {
      const name = names.slice(at, at + NAME_LENGTH)
      if (!ages.has(name)) ages.set(name, Math.min(sinceMs, nowMs))
    }
  }
  return ages
}

/** Few times, many blocks: those of one look have one. */
export function cidsByTime(since: ReadonlyMap<ContentId, number>): ReadonlyMap<number, readonly ContentId[]> {
  const byTime = new Map<number, ContentId[]>()
  for (const [cid, sinceMs] of since) {
    const there = byTime.get(sinceMs)
    if (there === undefined) byTime.set(sinceMs, [cid])
    else there.push(cid)
  }
  return byTime
}
