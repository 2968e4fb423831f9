import { spawn } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { childUrl, importBuiltFolder, openBuiltSqliteStore } from './built.js'

const MIB = 1024 * 1024
const FILES = 64
const FILE_BYTES = 4 * MIB
const SITE_BYTES = FILES * FILE_BYTES
/** Of V8's heap; what lies outside, as bytes of blocks do, is measured by the child itself. */
const HEAP_MIB = 32
/** What the whole process may take beyond what it begins with, whatever the site's size. Measured: 105 to 130 MiB, of sites of 256, 320 and 640 MiB. */
const GROWTH_MAX_BYTES = 180 * MIB

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larger-than-memory-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Gives a tree from one store to another as members do, then walks what has come, and says how much memory all that took. */
const handOver = `
  import { Inspection, openBlockServer, openExchange } from ${childUrl('index.js')}
  import { openSqliteStore, systemClock } from ${childUrl('node/index.js')}
  const [from, to, root, leaver, self] = process.argv.slice(1)
  const pause = () => new Promise((resolve) => setImmediate(resolve))
  const [old, own] = [openSqliteStore(from), openSqliteStore(to)]
  const began = process.memoryUsage()
  let [most, mostOutside] = [0, 0]
  let measured = 0
  const measure = () => {
    if (measured++ % 8 === 0) gc() // else what has long been let go of counts too
    const { rss, arrayBuffers } = process.memoryUsage()
    most = Math.max(most, rss - began.rss)
    mostOutside = Math.max(mostOutside, arrayBuffers - began.arrayBuffers)
  }
  const server = openBlockServer({ get: old.blocks.get, now: () => performance.now(), pause })
  const ask = async (_, request) => {
    const reply = await server.answer(self, request)
    measure()
    return reply
  }
  const exchange = openExchange({ get: own.blocks.get, put: own.blocks.put, ask, clock: systemClock, pause })
  const fetched = await exchange.fetchDag(root, { from: [leaver] })
  const inspection = new Inspection([root], 0, () => 0)
  const missing = []
  while (!inspection.isDone) {
    missing.push(...inspection.step(own.blocks.get, 64))
    measure()
    await pause()
  }
  await own.close()
  await old.close()
  console.log(JSON.stringify({ fetched, missing, readBlocks: inspection.readBlocks, most, mostOutside }))
`

test('a site that is larger than the memory of who gives and who takes it is handed over whole', async () => {
  const [site, from, to] = ['site', 'from', 'to'].map((name) => join(folder, name)) as [string, string, string]
  mkdirSync(site)
  // bytes that nothing makes shorter, and no two files share
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  for (let i = 0; i < FILES; i++) writeFileSync(join(site, `${i}.bin`), noise.update(Buffer.alloc(FILE_BYTES)))
  const old = openBuiltSqliteStore(from)
  const { root } = await importBuiltFolder(site, old.blocks)
  await old.close()
  rmSync(site, { recursive: true })

  const peers = ['leaver', 'newcomer']
  const child = spawn(
    process.execPath,
    ['--expose-gc', `--max-old-space-size=${HEAP_MIB}`, '--input-type=module', '-e', handOver, from, to, root, ...peers],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code).toBe(0)
  const { fetched, missing, readBlocks, most, mostOutside } = JSON.parse(output)
  expect(missing).toEqual([])
  expect(readBlocks).toBe(fetched.fetchedBlocks)
  expect(fetched.fetchedBytes).toBeGreaterThan(SITE_BYTES)
  expect(statSync(join(to, 'store.sqlite')).size).toBeGreaterThan(SITE_BYTES)
  expect(mostOutside).toBeLessThan(GROWTH_MAX_BYTES)
  expect(most).toBeLessThan(GROWTH_MAX_BYTES)
})
