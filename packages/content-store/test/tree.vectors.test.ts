import { type ContentId, parseContentId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { buildTree, listTree, readFile, readTree } from '../src/index.js'
import badBlocks from '../vectors/tree-blocks.json' with { type: 'json' }
import vectors from '../vectors/trees.json' with { type: 'json' }
import { treeByRule } from './tree-rule.js'
import { coded, whole } from './trees.js'

const bytesOfParts = (start: string, hex: string, times: number): Uint8Array =>
  Uint8Array.from(Buffer.from(start + hex.repeat(times), 'hex'))

test.each(vectors)('$name', ({ files, directories, symlinks, root, blocks, rootBlock }) => {
  const given = files.map(({ start, hex, times, ...file }) => ({ ...file, bytes: bytesOfParts(start, hex, times) }))
  const built = buildTree(given, directories, symlinks)
  expect(built.root).toBe(root)
  expect(built.blocks).toHaveLength(blocks)
  const top = built.blocks.find(({ cid }) => cid === built.root)
  if (rootBlock !== null) expect(Buffer.from(top?.bytes ?? []).toString('hex')).toBe(rootBlock)
  expect(treeByRule(given, directories, symlinks).root).toBe(root)
})

test.each(badBlocks)('$name: $expect', ({ root, blocks, expect: outcome }) => {
  const stored = new Map(blocks.map(({ cid, start, hex, times }) => [cid, bytesOfParts(start, hex, times)]))
  const read = () => whole(readTree((cid) => stored.get(cid), parseContentId(root)))
  if (outcome === 'ok') expect(read().symlinks).toEqual([{ path: 'c', target: 'b' }])
  else expect(read).toThrow(coded(outcome))
})

test('no walk over a bad tree ends otherwise than with its code', () => {
  for (const { root, blocks } of badBlocks) {
    const stored = new Map(blocks.map(({ cid, start, hex, times }) => [cid, bytesOfParts(start, hex, times)]))
    const get = (cid: ContentId): Uint8Array | undefined => stored.get(cid)
    const cid = parseContentId(root)
    for (const walk of [() => listTree(get, cid), () => readFile(get, cid, 'a'), () => readFile(get, cid, 'd/a')]) {
      try {
        walk()
      } catch (error) {
        expect(error).toEqual(coded('TREE_MALFORMED'))
      }
    }
  }
})
