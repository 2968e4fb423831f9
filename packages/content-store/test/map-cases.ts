import { dice, hex, key } from './map-model.js'
import { bytesOfHexes, type Entry, naiveBlocks, naiveNode, naiveRoot, weightOf } from './map-rule.js'

/** Entries as vectors have them: `value` is repeated `times`. */
export interface EntryVector {
  readonly key: string
  readonly value: string
  readonly times: number
  readonly sum: string
}
export const entryOf = ({ key, value, times, sum }: EntryVector): Entry => ({
  key: bytesOfHexes(key),
  value: bytesOfHexes(value.repeat(times)),
  sum: BigInt(sum),
})
const vector = (name: string | Uint8Array, value = '', times = 1, sum = 0n): EntryVector => ({
  key: hex(typeof name === 'string' ? key(name) : name),
  value: hex(key(value)),
  times,
  sum: `${sum}`,
})
const SUM_MAX = 2n ** 128n - 1n
const random = (count: number): EntryVector[] => {
  const roll = dice(count)
  return Array.from({ length: count }, (_, i) =>
    vector(
      Uint8Array.from({ length: 8 }, () => roll(256)),
      `${i}`,
      roll(30),
      BigInt(roll(2 ** 32)),
    ),
  )
}

/** Maps by what is in them. All are computed from the rule alone. */
export function mapVectors() {
  const maps: [name: string, entries: EntryVector[]][] = [
    ['nothing: no block', []],
    ['one entry', [vector('key', 'value', 1, 1n)]],
    ['the empty key with an empty value', [vector('')]],
    ['two entries', [vector('a', '1'), vector('b', '2')]],
    ['keys that begin others', [vector('', '0'), vector('a', '1'), vector('a\0', '2'), vector('aa', '3')]],
    ['keys of 255 and 256 bytes', [vector(new Uint8Array(255).fill(255), '1'), vector(new Uint8Array(256).fill(255), '2')]],
    ['values of 512 and 513 bytes: the longer one is a block', [vector('a', 'x', 512), vector('b', 'x', 513)]],
    [
      'sums of 0 to 16 bytes',
      Array.from({ length: 17 }, (_, i) => vector(`${i}`.padStart(2, '0'), '', 1, i === 0 ? 0n : 2n ** BigInt(8 * i - 8))),
    ],
    ['the largest sum', [vector('a', '', 1, SUM_MAX - 1n), vector('b', '', 1, 1n)]],
    ['the heaviest that fits one block: 4,096', weighing(4096)],
    ['one byte more: two blocks', weighing(4097)],
    ['a child of 1,024 that stays beside one that is apart', besideHeavy(502, 503)],
    ['a child of 1,025: apart too', besideHeavy(503, 503)],
    ['120 entries in several blocks', random(120)],
  ]
  return maps.map(([name, entries]) => {
    const blocks = naiveBlocks(entries.map(entryOf))
    return {
      name,
      entries,
      root: hex(naiveRoot(entries.map(entryOf))),
      block: [...blocks.keys()].at(-1) ?? null,
      total: `${entries.reduce((all, { sum }) => all + BigInt(sum), 0n)}`,
      blocks: [...blocks].map(([cid, bytes]) => ({ cid, bytes: bytes.length > 600 ? null : hex(bytes) })),
    }
  })
}
/** Eight heavy entries below one inner node, and one light beside it, which together weigh so much. */
function weighing(weight: number): EntryVector[] {
  const heavy = Array.from({ length: 8 }, (_, i) => vector(`k${i}`, 'x', 490))
  const missing = weight - weightOf(naiveNode([...heavy, vector('l')].map(entryOf)))
  return [...heavy, vector('l', 'y', missing)]
}
/** Two entries with values of these lengths, and others that are too heavy to lie in one block with them. */
function besideHeavy(one: number, other: number): EntryVector[] {
  const heavy = Array.from({ length: 7 }, (_, i) => vector(`b${i}`, 'x', 490))
  return [vector('a0', 'y', one), vector('a1', 'y', other), ...heavy]
}
