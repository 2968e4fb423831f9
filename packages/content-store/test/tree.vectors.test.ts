import { expect, test } from 'vitest'
import { buildTree } from '../src/index.js'
import vectors from '../vectors/trees.json' with { type: 'json' }

test.each(vectors)('$name', ({ files, directories, root, blocks, rootBlock }) => {
  const given = files.map(({ hex, times, ...file }) => ({ ...file, bytes: Uint8Array.from(Buffer.from(hex.repeat(times), 'hex')) }))
  const built = buildTree(given, directories)
  expect(built.root).toBe(root)
  expect(built.blocks).toHaveLength(blocks)
  const top = built.blocks.find(({ cid }) => cid === built.root)
  if (rootBlock !== undefined) expect(Buffer.from(top?.bytes ?? []).toString('hex')).toBe(rootBlock)
})
