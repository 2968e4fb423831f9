import { createCipheriv } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { importFolder, openLmdbStore } from '@interpeer/content-store/node'
import { FsBlockstore } from 'blockstore-fs'
import { importer } from 'ipfs-unixfs-importer'
import { type Figure, percentile } from '../figures.ts'

const RUNS = 5
const PEER_NAME = 'ipfs-unixfs-importer, blockstore-fs'

/**
 * A folder of 200 MB becomes a tree in a store on disk: 6,000 files of 2 to 18 kB as of a PHP application, 300 images of 50 to 350 kB, three
 * databases of 28 MB. Ours is hashed and durable in lmdb when it ends. The peer has its defaults (chunks of 256 KiB), raw
 * leaves, and blockstore-fs, which does not wait for the disk: with blockstore-level it was slower in most pairs of runs. Both sides take turns,
 * each into a new store; what a figure states is the median.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const base = mkdtempSync(join(tmpdir(), 'interpeer-bench-tree-'))
  try {
    const folder = join(base, 'site')
    const bytes = makeFolder(folder)
    say(`${(bytes / 1e6).toFixed(0)} MB, ${RUNS} runs of each`)
    const times: [number[], number[]] = [[], []]
    const sides = [importOurs, importTheirs] as const
    for (let run = 0; run < RUNS; run++) {
      const order = run % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
      for (const side of order) {
        const store = join(base, `store-${side}`)
        const start = performance.now()
        await sides[side](folder, store)
        times[side].push(performance.now() - start)
        rmSync(store, { recursive: true })
        signal.throwIfAborted()
      }
    }
    const [ours, theirs] = times
    return [{ id: 'tree/import', ours: percentile(ours, 50), peer: percentile(theirs, 50), peerName: PEER_NAME, unit: 'ms' }]
  } finally {
    rmSync(base, { recursive: true })
  }
}

async function importOurs(folder: string, to: string): Promise<void> {
  const store = openLmdbStore(to)
  await importFolder(folder, store.blocks)
  await store.close()
}

async function importTheirs(folder: string, to: string): Promise<void> {
  const store = new FsBlockstore(to)
  await store.open()
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const candidates = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name)
    return {
      path: relative(folder, path),
      content: (async function* () {
        yield await readFile(path)
      })(),
    }
  })
  let imported = 0
  for await (const _ of importer(candidates, store, { rawLeaves: true, wrapWithDirectory: true })) imported++
  if (imported <= files.length) throw new Error('the importer left files out')
  await store.close()
}

/** The same in every run, and not compressible. The number of bytes. */
function makeFolder(folder: string): number {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  let bytes = 0
  const write = (path: string, size: number, start = ''): void => {
    const content = cipher.update(Buffer.alloc(size))
    content.write(start, 'latin1')
    writeFileSync(join(folder, path), content)
    bytes += size
  }
  const folders = Array.from({ length: 100 }, (_, i) => `includes/${i}`)
  for (const path of [...folders, 'images']) mkdirSync(join(folder, path), { recursive: true })
  for (const [d, path] of folders.entries())
    for (let i = 0; i < 60; i++) write(`${path}/${i}.php`, 2_000 + ((i * 7919 + d * 104_729) % 16_000))
  for (let i = 0; i < 300; i++) write(`images/${i}.jpg`, 50_000 + ((i * 7919) % 300_000))
  for (let i = 0; i < 3; i++) write(`wiki-${i}.sqlite`, 28_000_000, 'SQLite format 3\0')
  return bytes
}
