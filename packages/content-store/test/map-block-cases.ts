import { contentIdOfBytes } from '@interpeer/crypto-ids'
import { hex, key } from './map-model.js'
import {
  bytesOfHexes,
  naiveNode,
  type RuleNode,
  ruleApart,
  ruleBit,
  ruleBlock,
  ruleInner,
  ruleLeaf,
  sha256,
  uint,
  weightOf,
} from './map-rule.js'

const leaf = (name: string, value = '', sum = 0n): RuleNode => ruleLeaf({ key: key(name), value: key(value), sum })
/** So many leaves of about 110 bytes whose keys begin alike. */
const group = (prefix: string, count: number): RuleNode =>
  naiveNode(Array.from({ length: count }, (_, i) => ({ key: key(prefix + `${i}`.padStart(2, '0')), value: key('x'.repeat(98)), sum: 1n })))
const [a, b] = [leaf('a', '1', 1n), leaf('b', '2', 2n)]
const A_B = ruleBit([key('a'), key('b')])
const pair = ruleInner(A_B, a, b)
const [low, high] = [group('a', 12), group('b', 28)]
const apartPair = ruleInner(A_B, ruleApart(low), ruleApart(high))
const long = leaf('long', 'x'.repeat(513))
const shortInBlock = ((): RuleNode => {
  const value = key('x'.repeat(512))
  const cid = bytesOfHexes('01551220', sha256(value))
  const records = bytesOfHexes('020005', key('short'), '00')
  return {
    ...ruleLeaf({ key: key('short'), value, sum: 0n }),
    records,
    links: [cid],
    blocks: new Map([[contentIdOfBytes(cid), Buffer.from(value)]]),
  }
})()

function swapped(bytes: Uint8Array, from: string, to: string): Buffer {
  const [before, after] = [hex(bytes), hex(bytes).replace(from, to)]
  if (before === after) throw new Error(`no ${from} in ${before}`)
  return bytesOfHexes(after)
}
/** The node with other bytes in its block; its hash stays what it was. */
const written = (node: RuleNode, from: string, to: string): RuleNode => ({ ...node, records: swapped(node.records, from, to) })
const linked = (node: RuleNode, links: readonly Uint8Array[]): RuleNode => ({ ...node, links: links.map((cid) => Buffer.from(cid)) })
const recoded = (node: RuleNode, codec: string): RuleNode =>
  linked(
    node,
    node.links.map((cid, i) => (i === 0 ? bytesOfHexes(`01${codec}`, cid.subarray(2)) : cid)),
  )
const inBlock = (node: RuleNode): Buffer => ruleBlock(node).bytes

interface Case {
  readonly node: RuleNode
  /** Instead of the block that `node` gives. */
  readonly bytes?: Buffer
}
const good: Record<string, RuleNode> = {
  'one leaf': a,
  'two leaves': pair,
  'a leaf whose value is a block': long,
  'two nodes apart': apartPair,
}
const bad: Record<string, Case> = {
  'a root that is not its hash': { node: { ...pair, hash: low.hash } },
  'a block of another type': { node: pair, bytes: swapped(inBlock(pair), '8308', '8302') },
  'a head longer than it needs to be': { node: pair, bytes: swapped(inBlock(pair), '8308', '831808') },
  'a block cut off': { node: pair, bytes: inBlock(pair).subarray(0, -1) },
  'a byte after the block': { node: pair, bytes: bytesOfHexes(inBlock(pair), '00') },
  'no record': { node: { ...a, records: Buffer.alloc(0) } },
  'records cut off': { node: { ...pair, records: pair.records.subarray(0, -1) } },
  'two nodes at the top': { node: { ...a, records: bytesOfHexes(a.records, b.records) } },
  'a record of no kind': { node: written(a, '01', '04') },
  'a key of 257 bytes': { node: ruleLeaf({ key: new Uint8Array(257), value: key(''), sum: 0n }) },
  'a value of 513 bytes in a leaf': {
    node: linked({ ...long, records: bytesOfHexes('010004', key('long'), '000201', key('x'.repeat(513))) }, []),
  },
  'a value of 512 bytes in a block': { node: shortInBlock },
  'a sum that begins with 0': { node: written(a, '610101', '61020001') },
  'a sum of 17 bytes': { node: written(a, '610101', `611101${'00'.repeat(15)}01`) },
  'a sum beyond 2^128 - 1': { node: ruleInner(A_B, leaf('a', '', 2n ** 128n - 1n), b) },
  'bit 2304': { node: ruleInner(2304, a, b) },
  'bits that do not grow': {
    node: ruleInner(ruleBit([key('a'), key('c')]), ruleInner(ruleBit([key('a'), key('e')]), a, leaf('e')), leaf('c')),
  },
  'a bit after the first difference': { node: ruleInner(ruleBit([key('d'), key('f')]), a, leaf('f')) },
  'a bit before the first difference': { node: ruleInner(A_B - 1, a, b) },
  'the greater key on the left': { node: ruleInner(A_B, b, a) },
  'one key twice': { node: ruleInner(A_B, a, leaf('a', '2')) },
  'a node apart at the top': { node: ruleApart(high) },
  'a node apart for which there is room': { node: ruleInner(A_B, ruleApart(low), b) },
  'a node apart on the right for which there is room': { node: ruleInner(A_B, a, ruleApart(group('b', 12))) },
  'a heavy node for which there is no room, not apart': { node: ruleInner(A_B, low, ruleApart(high)) },
  'a heavy node on the right for which there is no room, not apart': { node: ruleInner(A_B, ruleApart(group('a', 28)), group('b', 12)) },
  'a light node apart': { node: ruleInner(A_B, ruleApart(group('a', 8)), ruleApart(group('b', 33))) },
  'another hash of a node apart': {
    node: ruleInner(A_B, { ...written(ruleApart(low), hex(low.hash), hex(high.hash)), hash: high.hash }, ruleApart(high)),
  },
  'another sum of a node apart': {
    node: ruleInner(A_B, { ...written(ruleApart(low), `${hex(low.hash)}010c`, `${hex(low.hash)}010d`), sum: 13n }, ruleApart(high)),
  },
  'another weight of a node apart': { node: written(apartPair, uint(weightOf(low), 2), uint(weightOf(low) + 1, 2)) },
  'a link too many': { node: linked(pair, [ruleBlock(a).cid]) },
  'a link too few': { node: linked(apartPair, apartPair.links.slice(0, 1)) },
  'a node apart in a raw block': { node: recoded(apartPair, '55') },
  'a value in a dag-cbor block': { node: recoded(long, '71') },
  'a block with keys on the wrong side': { node: ruleInner(A_B, ruleApart(group('c', 12)), ruleApart(high)) },
  'blocks with keys that differ in another bit': { node: ruleInner(A_B - 1, ruleApart(low), ruleApart(high)) },
  'a block with bits that do not grow': { node: ruleInner(ruleBit([key('a01'), key('a10')]), ruleApart(low), ruleApart(high)) },
}

/** Blocks by what is wrong with them. But for that the root fits what they say. */
export function blockVectors() {
  const cases = [
    ...Object.entries(good).map(([name, node]) => ({ name, code: 'ok', node, bytes: inBlock(node) })),
    ...Object.entries(bad).map(([name, { node, bytes = inBlock(node) }]) => ({ name, code: 'MAP_MALFORMED', node, bytes })),
  ]
  return cases.map(({ name, code, node, bytes }) => {
    const block = contentIdOfBytes(bytesOfHexes('01711220', sha256(bytes)))
    const below = [...node.blocks].map(([cid, its]) => ({ cid, bytes: hex(its) }))
    return { name, expect: code, root: hex(node.hash), block, blocks: [...below, { cid: block as string, bytes: hex(bytes) }] }
  })
}
