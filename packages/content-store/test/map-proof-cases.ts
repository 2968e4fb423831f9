import { hex, key } from './map-model.js'
import { bytesOfHexes, naiveRoot, type RuleNode, ruleBit, ruleInner, ruleLeaf, sha256, uint } from './map-rule.js'

/*
 * The map of most proofs here, made by hand: five entries, and the bits in which their keys differ first.
 *           at('A','a')
 *     at('A','AB')      at('a','r')
 *      A      AB         a    at('r','s')
 *                              r      s
 */
const entry = (name: string, sum: bigint) => ({ key: key(name), value: key(`value of ${name}`), sum })
const ENTRIES = [entry('A', 5n), entry('AB', 0n), entry('a', 7n), entry('r', 1n), entry('s', 2n)] as const
const [a, ab, b, c, d] = ENTRIES.map(ruleLeaf) as [RuleNode, RuleNode, RuleNode, RuleNode, RuleNode]
const at = (one: string, other: string): number => ruleBit([key(one), key(other)])
const [AB, CD] = [ruleInner(at('A', 'AB'), a, ab), ruleInner(at('r', 's'), c, d)]
const BCD = ruleInner(at('a', 'r'), b, CD)
const top = ruleInner(at('A', 'a'), AB, BCD)
if (!top.hash.equals(naiveRoot(ENTRIES))) throw new Error('drawn wrong')
const [toA, toB] = [at('A', 'a'), at('a', 'r')]

type Branch = Pick<RuleNode, 'hash' | 'sum'>
const step = (bit: number, { hash, sum }: Branch): Buffer => bytesOfHexes(uint(bit, 2), hash, uint(sum, 16))
/** A byte string of CBOR. */
const text = (bytes: Uint8Array): Buffer =>
  bytesOfHexes(
    bytes.length < 24 ? uint(0x40 + bytes.length, 1) : bytes.length < 256 ? `58${uint(bytes.length, 1)}` : `59${uint(bytes.length, 2)}`,
    bytes,
  )
const proof = (type: 1 | 2, name: Uint8Array, sum: bigint, value: Uint8Array, ...path: readonly Uint8Array[]): Buffer =>
  bytesOfHexes('85', uint(type, 1), text(name), text(bytesOfHexes(uint(sum, 16))), text(value), text(Buffer.concat(path)))
const has = (name: string, sum: bigint, ...path: readonly Uint8Array[]): Buffer =>
  proof(1, key(name), sum, key(`value of ${name}`), ...path)
const lacks = (name: string, sum: bigint, ...path: readonly Uint8Array[]): Buffer =>
  proof(2, key(name), sum, sha256(key(`value of ${name}`)), ...path)
const EMPTY = bytesOfHexes('8100')

const pathOfA = [step(toA, BCD), step(at('A', 'AB'), ab)]
const pathOfB = [step(toA, AB), step(toB, CD)]
const pathOfC = [step(toA, AB), step(toB, b), step(at('r', 's'), d)]
const pathOfD = [step(toA, AB), step(toB, b), step(at('r', 's'), c)]
const ofB = has('a', 7n, ...pathOfB)
const shown = (name: string, sum: bigint, before: bigint) => ({
  key: hex(key(name)),
  value: hex(key(`value of ${name}`)),
  sum: `${sum}`,
  before: `${before}`,
})
const flipped = (bytes: Uint8Array, at: number): Buffer => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)))

interface Good {
  readonly proof: Buffer
  readonly ask: string | bigint
  readonly shows?: ReturnType<typeof shown>
  readonly root?: Buffer
  readonly total?: bigint
}
const good: Record<string, Good> = {
  'an entry': { proof: ofB, ask: 'a', shows: shown('a', 7n, 5n) },
  'the first entry': { proof: has('A', 5n, ...pathOfA), ask: 'A', shows: shown('A', 5n, 0n) },
  'an entry whose sum is 0': { proof: has('AB', 0n, step(toA, BCD), step(at('A', 'AB'), a)), ask: 'AB', shows: shown('AB', 0n, 5n) },
  'the last entry': { proof: has('s', 2n, ...pathOfD), ask: 's', shows: shown('s', 2n, 13n) },
  'no key before the first': { proof: lacks('A', 5n, ...pathOfA), ask: '' },
  'no key between others': { proof: lacks('a', 7n, ...pathOfB), ask: 'aa' },
  'no key after the last': { proof: lacks('r', 1n, ...pathOfC), ask: 'z' },
  'no key in the empty map': { proof: EMPTY, ask: 'A', root: sha256('00'), total: 0n },
  'a map of one entry': { proof: has('a', 7n), ask: 'a', shows: shown('a', 7n, 0n), root: b.hash, total: 7n },
  'a map of one other entry': { proof: lacks('a', 7n), ask: 'A', root: b.hash, total: 7n },
  'who holds the first unit': { proof: has('A', 5n, ...pathOfA), ask: 0n, shows: shown('A', 5n, 0n) },
  'who holds the unit after the last of another': { proof: ofB, ask: 5n, shows: shown('a', 7n, 5n) },
  'who holds the last unit': { proof: has('s', 2n, ...pathOfD), ask: 14n, shows: shown('s', 2n, 13n) },
}

type Code = 'MAP_PROOF_WRONG' | 'MAP_PROOF_MALFORMED' | 'MAP_KEY'
interface Bad {
  readonly proof: Buffer
  readonly ask?: string | bigint
  readonly code?: Code
  readonly root?: Buffer
}
const [HALF, REST] = [ruleLeaf({ ...entry('A', 2n ** 127n) }), ruleLeaf({ ...entry('a', 2n ** 127n) })]
const disordered = ruleInner(toB, AB, ruleInner(toA, b, CD))
const bad: Record<string, Bad> = {
  'another root': { proof: ofB, root: BCD.hash },
  'another value': { proof: proof(1, key('a'), 7n, key('value of A'), ...pathOfB) },
  'another sum': { proof: has('a', 8n, ...pathOfB) },
  'another hash on the path': { proof: has('a', 7n, step(toA, { ...AB, hash: flipped(AB.hash, 0) as Buffer }), step(toB, CD)) },
  'another sum on the path': { proof: has('a', 7n, step(toA, { ...AB, sum: 6n }), step(toB, CD)) },
  'another bit on the path': { proof: has('a', 7n, step(toA + 1, AB), step(toB, CD)) },
  'a step left out': { proof: has('a', 7n, step(toB, CD)) },
  'a step twice': { proof: has('a', 7n, ...pathOfB, step(toB, CD)) },
  'steps from the leaf to the top': { proof: has('a', 7n, ...pathOfB.toReversed()) },
  'bits that do not grow, under a root made so': { proof: has('a', 7n, step(toB, AB), step(toA, CD)), root: disordered.hash },
  'a bit beyond the last, under a root made so': { proof: has('A', 5n, step(2304, ab)), ask: 'A', root: ruleInner(2304, a, ab).hash },
  'a sum beyond 2^128 - 1, under a root made so': {
    proof: has('A', 2n ** 127n, step(toA, REST)),
    ask: 'A',
    root: ruleInner(toA, HALF, REST).hash,
  },
  'an entry, for another key': { proof: ofB, ask: 'r' },
  'an entry, for a key that is lacking': { proof: ofB, ask: 'aa' },
  'a lack, for a key that is there': { proof: lacks('a', 7n, ...pathOfB) },
  'a lack shown by a leaf elsewhere': { proof: lacks('a', 7n, ...pathOfB), ask: 'A' },
  'a lack shown by the empty map': { proof: EMPTY, ask: 'aa' },
  'an entry of the empty map': { proof: ofB, root: sha256('00') },
  'a path that ends above its leaf': { proof: lacks('a', 7n, step(toA, AB)), ask: 'aa' },
  'a unit before the entry': { proof: ofB, ask: 4n },
  'a unit after the entry': { proof: ofB, ask: 12n },
  'a unit below 0': { proof: has('A', 5n, ...pathOfA), ask: -1n },
  'a unit beyond all': { proof: has('s', 2n, ...pathOfD), ask: 15n },
  'a unit shown by a lack': { proof: lacks('a', 7n, ...pathOfB), ask: 5n },
  'a unit of the empty map': { proof: EMPTY, ask: 0n, root: sha256('00') },
  'part of a step': { proof: has('a', 7n, ...pathOfB, Buffer.of(0)), code: 'MAP_PROOF_MALFORMED' },
  'a sum of 15 bytes': {
    proof: bytesOfHexes('8501', text(key('a')), text(bytesOfHexes(uint(7, 15))), text(key('value of a')), text(Buffer.concat(pathOfB))),
    code: 'MAP_PROOF_MALFORMED',
  },
  'a key of 257 bytes in the proof': {
    proof: proof(1, new Uint8Array(257), 7n, key('value of a'), ...pathOfB),
    code: 'MAP_PROOF_MALFORMED',
  },
  'a proof of no kind': { proof: bytesOfHexes('8503', ofB.subarray(2)), code: 'MAP_PROOF_MALFORMED' },
  'a number longer than it needs to be': { proof: bytesOfHexes('851801', ofB.subarray(2)), code: 'MAP_PROOF_MALFORMED' },
  'a byte after the proof': { proof: bytesOfHexes(ofB, '00'), code: 'MAP_PROOF_MALFORMED' },
  'a proof cut off': { proof: ofB.subarray(0, -1), code: 'MAP_PROOF_MALFORMED' },
  'no bytes': { proof: Buffer.alloc(0), code: 'MAP_PROOF_MALFORMED' },
  'a question for a key of 257 bytes': { proof: lacks('a', 7n, ...pathOfB), ask: 'x'.repeat(257), code: 'MAP_KEY' },
}

/** Proofs, what is asked, and what they show or what is wrong with them. */
export function proofVectors() {
  const asked = (ask: string | bigint) => (typeof ask === 'string' ? { key: hex(key(ask)) } : { unit: `${ask}` })
  return [
    ...Object.entries(good).map(([name, { proof, ask, shows, root = top.hash, total = 15n }]) => {
      return { name, expect: 'ok', root: hex(root), ask: asked(ask), proof: hex(proof), shows: { ...shows, total: `${total}` } }
    }),
    ...Object.entries(bad).map(([name, { proof, ask = 'a', code = 'MAP_PROOF_WRONG', root = top.hash }]) => {
      return { name, expect: code as string, root: hex(root), ask: asked(ask), proof: hex(proof), shows: null }
    }),
  ]
}
