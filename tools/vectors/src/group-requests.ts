import { type Key, keyOf, sha256 } from './cose.js'
import { encode, GROUP, NOW_MS, sign } from './group.js'
import { pathOf, rootOf } from './hash-tree.js'
import { type Fields, linkTo, named, seedOfByte } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'

const [asker, other] = [keyOf(seedOfByte(0x70)), keyOf(seedOfByte(0x71))] as [Key, Key]

const requestAt = (i: number, changes: Fields = {}): Fields => ({
  ...{ from: asker.publicKey, job: GROUP.job, id: named(`request ${i}`).slice(32), ms: NOW_MS + i, seenEpoch: GROUP.epoch, seenStep: 5 },
  ...{ method: 'POST', target: `/${i}`, host: 'site.test', https: true, headers: [], body: named(`body ${i}`), parts: [] },
  ...changes,
})
/** What its group knows it by. */
const writeIdOf = (i: number): string => sha256(`${asker.publicKey}${requestAt(i).id}`).slice(0, 32)
const bytesOf = (i: number, changes: Fields = {}): string => encode('site-request', requestAt(i, changes))
const requests = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => bytesOf(i))

const treeOf = (leaves: readonly string[], changes: Fields = {}, key = asker, as = {}): string =>
  sign('request-tree', { from: asker.publicKey, count: leaves.length, root: rootOf(leaves), ...changes }, key, as)
const leafOf = (leaves: readonly string[], index: number, changes: Fields = {}): string =>
  encode('request-leaf', { request: leaves[index] as string, index, path: pathOf(leaves, index), tree: treeOf(leaves), ...changes })

/** Requests that one signature stands for, and what may not pass as one of them. */
export function requestVectors() {
  const good = (count: number, index: number) => {
    const leaves = requests(count)
    const name = `request ${index} of ${count}`
    return { name, expect: 'ok', hex: leafOf(leaves, index), request: leaves[index] as string, writeId: writeIdOf(index) }
  }
  const wrong = (name: string, hex: string) => ({ name, expect: 'SIGNATURE_WRONG', hex })
  const malformed = (name: string, hex: string) => ({ name, expect: 'ENVELOPE_MALFORMED', hex })
  const five = requests(5)
  const path = pathOf(five, 1)
  const at1 = (changes: Fields) => leafOf(five, 1, changes)
  const withOther = (changes: Fields) => [five[0] as string, bytesOf(1, changes), ...five.slice(2)]
  return {
    network: GROUP.network,
    seed: asker.seed,
    cases: [
      ...[2, 3, 5, 8, 33, 64].flatMap((count) => [...new Set([0, 1, count >> 1, count - 1])].map((index) => good(count, index))),
      {
        name: 'a request that is signed by itself',
        expect: 'ok',
        hex: sign('site-request', requestAt(1), asker),
        request: bytesOf(1),
        writeId: writeIdOf(1),
      },
      wrong('another request', at1({ request: bytesOf(6) })),
      wrong('a bit of the request turned', at1({ request: `${(five[1] as string).slice(0, -4)}41${(five[1] as string).slice(-2)}` })),
      wrong('the place of another', at1({ index: 0 })),
      wrong('a place after the last', at1({ index: 5 })),
      wrong('a hash of the path changed', at1({ path: [named('a hash'), ...path.slice(1)] })),
      wrong('a hash too few', at1({ path: path.slice(1) })),
      wrong('a hash too many', at1({ path: [...path, named('a hash')] })),
      wrong('its hashes in another order', at1({ path: [...path].reverse() })),
      wrong('a tree of fewer', at1({ tree: treeOf(five, { count: 4 }) })),
      wrong('a tree of other requests', at1({ tree: treeOf(five.slice(0, 4)) })),
      wrong('a tree that another signed', at1({ tree: treeOf(five, {}, other) })),
      wrong('a tree of another asker', at1({ tree: treeOf(five, { from: other.publicKey }, other) })),
      wrong('a tree of another network', at1({ tree: treeOf(five, {}, asker, { network: OTHER_NETWORK }) })),
      wrong('a tree of another version', at1({ tree: treeOf(five, {}, asker, { version: 2 }) })),
      wrong('a tree of one request, which is signed by itself', leafOf(five.slice(0, 1), 0)),
      wrong('another asker in the tree of this one', leafOf(withOther({ from: other.publicKey }), 1)),
      wrong('a body in further blocks, which is signed by itself', leafOf(withOther({ body: '', parts: [linkTo('a piece')] }), 1)),
      malformed(
        'a tree that is not signed',
        at1({ tree: encode('request-tree', { from: asker.publicKey, count: 5, root: rootOf(five) }) }),
      ),
      malformed('no tree', at1({ tree: '' })),
    ],
  }
}
