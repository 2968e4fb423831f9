import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Block, blockOf, type ContentStore, memoryStore } from '../src/index.js'
import { openLmdbStore } from '../src/node/index.js'
import { openBuiltSqliteStore } from './built.js'
import { noise } from './trees.js'

const blocks = [0, 3_000, 70_000].map((length, i) => blockOf(noise(length, i + 1), 'raw'))
const keys = ['a', 'a/1', 'b']
const some = fc.uniqueArray(fc.nat(blocks.length - 1), { minLength: 1 })
const anyAct = fc.oneof(
  fc.record({ type: fc.constant('put' as const), which: some }),
  fc.record({ type: fc.constant('delete' as const), which: some }),
  fc.record({ type: fc.constant('write' as const), key: fc.nat(2), value: fc.nat(5) }),
  fc.record({ type: fc.constant('erase' as const), key: fc.nat(2) }),
  fc.record({ type: fc.constant('wait' as const), how: fc.constantFrom('microtask' as const, 'turn' as const) }),
)
const anyRound = fc.array(anyAct, { minLength: 3, maxLength: 10 })
type Act = typeof anyAct extends fc.Arbitrary<infer T> ? T : never

/** Starts it, and does not wait for it. */
function start(store: ContentStore, act: Exclude<Act, { type: 'wait' }>): Promise<void> {
  const space = store.records('log')
  if (act.type === 'put') return store.blocks.put(act.which.map((i) => blocks[i] as Block))
  if (act.type === 'delete') return store.blocks.delete(act.which.map((i) => (blocks[i] as Block).cid))
  const key = keys[act.key] as string
  return act.type === 'write' ? space.put([[key, noise(act.value * 900, act.value + 1)]]) : space.delete([key])
}
const contentOf = (store: ContentStore) => ({
  blocks: blocks.map(({ cid }) => store.blocks.get(cid)?.length),
  listed: [...store.blocks.list()].sort(),
  records: [...store.records('log').list('')],
})

test.each([
  ['lmdb', openLmdbStore],
  ['SQLite', openBuiltSqliteStore],
])('whatever is started at once, in %s it ends as if one came after the other', async (_name, open) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRound, { minLength: 2, maxLength: 6 }), async (rounds) => {
      const folder = mkdtempSync(join(tmpdir(), 'content-store-'))
      const [store, model] = [open(folder), memoryStore()]
      try {
        for (const acts of rounds) {
          const started: Promise<void>[] = []
          for (const act of acts) {
            if (act.type !== 'wait') started.push(start(store, act), start(model, act))
            else await new Promise<void>((resolve) => (act.how === 'turn' ? setImmediate(resolve) : queueMicrotask(resolve)))
          }
          await Promise.all(started)
          expect(contentOf(store)).toEqual(contentOf(model))
        }
      } finally {
        await store.close()
        rmSync(folder, { recursive: true })
      }
    }),
    { numRuns: 30 },
  )
})
