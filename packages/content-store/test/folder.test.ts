import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Block, type BlockStore, buildTree, memoryBlockStore, readTree } from '../src/index.js'
import type { ImportOptions } from '../src/node/index.js'
import { builtMemoryBlockStore, exportBuiltFolder as exportFolder, importBuiltFolder as importFolder } from './built.js'
import { bytesOf, coded, database, fileAt, noise, whole } from './trees.js'

let base: string
let site: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'content-folder-'))
  site = join(base, 'site')
  mkdirSync(join(site, 'data', 'empty'), { recursive: true })
  writeFileSync(join(site, 'index.php'), '<?php')
  writeFileSync(join(site, 'data', 'ä.txt'), 'text')
  chmodSync(join(site, 'index.php'), 0o4755)
  utimesSync(join(site, 'index.php'), 1_700_000_000.9, 1_700_000_000.9)
  writeFileSync(join(base, 'secret'), 'secret')
})
afterEach(() => rmSync(base, { recursive: true }))

/** Imports into a store of its own, and what is in that. */
async function imported(folder: string, options: ImportOptions = {}) {
  const store = memoryBlockStore()
  const folderIn = await importFolder(folder, store, options)
  return { ...folderIn, store, tree: whole(readTree(store.get, folderIn.root)) }
}
const refused = (folder: string, code: string, options: ImportOptions = {}): Promise<void> =>
  expect(importFolder(folder, memoryBlockStore(), options)).rejects.toThrow(coded(code))
test('a folder in, the same folder out: files, directories, links, modes and times', async () => {
  writeFileSync(join(site, 'wiki.sqlite'), database(3_000_000))
  writeFileSync(join(site, 'film'), noise(2_200_000))
  symlinkSync('../index.php', join(site, 'data', 'home'))
  for (const [path, mode] of [
    ['data', 0o711],
    ['data/empty', 0o500],
    ['film', 0o400],
  ] as const)
    chmodSync(join(site, path), mode)
  const { tree, root, store, leftOut, leftOutCount, ...counts } = await imported(site)
  expect([leftOut, leftOutCount]).toEqual([[], 0])
  expect(counts).toEqual({ files: 4, directories: 2, symlinks: 1, bytes: 5_200_000 + 5 + 4 })
  expect(tree.files.map(({ path }) => path)).toEqual(['data/ä.txt', 'film', 'index.php', 'wiki.sqlite'])
  expect(tree.files[2]).toEqual(fileAt('index.php', '<?php', 0o755, 1_700_000_000))
  expect(tree.directories).toEqual([
    { path: 'data', mode: 0o711 },
    { path: 'data/empty', mode: 0o500 },
  ])
  expect(tree.symlinks).toEqual([{ path: 'data/home', target: '../index.php' }])
  expect(root).toBe(buildTree(tree.files, tree.directories, tree.symlinks).root)
  const out = join(base, 'out')
  expect(await exportFolder(store.get, root, out)).toEqual(counts)
  expect(statSync(join(out, 'index.php')).mtimeMs).toBe(1_700_000_000_000)
  expect([statSync(join(out, 'data')).mode & 0o7777, statSync(join(out, 'film')).mode & 0o7777]).toEqual([0o711, 0o400])
  expect(readlinkSync(join(out, 'data', 'home'))).toBe('../index.php')
  expect(Buffer.compare(readFileSync(join(out, 'wiki.sqlite')), database(3_000_000))).toBe(0)
  expect((await imported(out)).root).toBe(root)
})

test('links inside are followed if that is wanted', async () => {
  symlinkSync('index.php', join(site, 'home.php'))
  symlinkSync(join(site, 'data', 'empty'), join(site, 'data', 'also'))
  const { tree } = await imported(site, { symlinks: 'follow' })
  expect(tree.files.find(({ path }) => path === 'home.php')?.bytes).toEqual(bytesOf('<?php'))
  expect(tree.directories.map(({ path }) => path)).toContain('data/also')
  expect(tree.symlinks).toEqual([])
})

test('nothing outside is read', async () => {
  for (const target of ['../secret', join(base, 'secret'), '/etc/passwd', '..', '../site-b']) {
    mkdirSync(join(base, 'site-b'), { recursive: true })
    symlinkSync(target, join(site, 'link'))
    await refused(site, 'IMPORT_OUTSIDE', { symlinks: 'follow' })
    await refused(site, 'IMPORT_OUTSIDE')
    rmSync(join(site, 'link'))
  }
  symlinkSync('nowhere', join(site, 'link'))
  await refused(site, 'IMPORT_UNREADABLE', { symlinks: 'follow' })
  expect((await imported(site)).tree.symlinks).toEqual([{ path: 'link', target: 'nowhere' }])
})

test('a kept link is taken as it is written, without what says nothing; one that goes up after a name is refused', async () => {
  symlinkSync('.//data/./empty/', join(site, 'link'))
  expect((await imported(site)).tree.symlinks).toEqual([{ path: 'link', target: 'data/empty' }])
  symlinkSync('data/../index.php', join(site, 'other'))
  await refused(site, 'IMPORT_OUTSIDE')
  expect((await imported(site, { symlinks: 'follow' })).tree.files.map(({ path }) => path)).toContain('other')
})

test('a link to a folder above it ends', async () => {
  for (const target of ['.', '..', '../data']) {
    symlinkSync(target, join(site, 'data', 'loop'))
    await refused(site, 'IMPORT_LOOP', { symlinks: 'follow' })
    if (target === '.') await refused(site, 'IMPORT_LOOP')
    else expect((await imported(site)).tree.symlinks).toEqual([{ path: 'data/loop', target }])
    rmSync(join(site, 'data', 'loop'))
  }
  symlinkSync('self', join(site, 'self'))
  await refused(site, 'IMPORT_UNREADABLE', { symlinks: 'follow' })
  expect((await imported(site)).symlinks).toBe(1)
})

test.skipIf(process.platform === 'win32')('pipes, sockets and odd names are refused', async () => {
  execFileSync('mkfifo', [join(site, 'pipe')])
  await refused(site, 'IMPORT_KIND')
  rmSync(join(site, 'pipe'))
  symlinkSync('/dev/zero', join(site, 'zero'))
  await refused(site, 'IMPORT_OUTSIDE', { symlinks: 'follow' })
  rmSync(join(site, 'zero'))
  const server = createServer().listen(join(site, 'socket'))
  await new Promise((resolve) => server.once('listening', resolve))
  await refused(site, 'IMPORT_KIND')
  await new Promise((resolve) => server.close(resolve))
  const odd = Buffer.concat([Buffer.from(`${site}/`), Buffer.from([0x66, 0xff])])
  writeFileSync(odd, '')
  await refused(site, 'IMPORT_NAME')
  rmSync(odd)
  symlinkSync(Buffer.from([0x66, 0xff]), join(site, 'odd'))
  await refused(site, 'IMPORT_NAME')
  rmSync(join(site, 'odd'))
  writeFileSync(join(site, 'back\\slash'), '')
  await refused(site, 'FILE_PATH')
})

test('limits, and what is no folder', async () => {
  await refused(site, 'FILE_TOO_LARGE', { maxFileBytes: 4 })
  await refused(site, 'TREE_TOO_LARGE', { maxBytes: 8 })
  await refused(site, 'TREE_TOO_LARGE', { maxEntries: 3 })
  await refused(join(site, 'index.php'), 'IMPORT_NOT_A_FOLDER')
  await refused(join(site, 'nowhere'), 'IMPORT_NOT_A_FOLDER')
  writeFileSync(join(site, 'sparse'), '')
  truncateSync(join(site, 'sparse'), 2 ** 40) // takes no room on the disk
  await refused(site, 'FILE_TOO_LARGE')
  truncateSync(join(site, 'sparse'), 2 ** 32 + 1) // no tree has it: refused before it is read, whatever the limits
  await refused(site, 'FILE_TOO_LARGE', { maxFileBytes: Number.POSITIVE_INFINITY, maxBytes: 2 ** 33 })
})

test('a folder many times as large as the memory that reading it takes, with progress', async () => {
  truncateSync(join(site, 'index.php'), 100_000_000)
  for (let i = 0; i < 40; i++) {
    const bytes = database(1_500_000, i + 1)
    writeFileSync(join(site, `db${i}`), bytes)
  }
  const inFlight = { now: 0, most: 0 }
  const store: Pick<BlockStore, 'put'> = {
    put: async (blocks) => {
      inFlight.now += blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
      inFlight.most = Math.max(inFlight.most, inFlight.now)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inFlight.now -= blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
    },
  }
  const heard: number[] = []
  const { bytes } = await importFolder(site, store, { onProgress: (counts) => heard.push(counts.bytes) })
  expect(bytes).toBe(160_000_004)
  expect(inFlight.most).toBeLessThanOrEqual(32 * 1024 * 1024)
  expect(heard.length).toBeGreaterThan(15)
  expect(heard.at(-1)).toBe(bytes)
})

test('an import whose listener throws at the end rejects with that', async () => {
  let calls = 0
  const onProgress = (): void => {
    if (++calls === 2) throw new Error('listener') // the only slab, then the end
  }
  await expect(importFolder(site, memoryBlockStore(), { onProgress })).rejects.toThrow('listener')
})

test('an import whose listener throws tells it nothing more', async () => {
  for (let i = 0; i < 40; i++) writeFileSync(join(site, `f${i}`), noise(1_000_000, i + 1))
  let [puts, calls] = [0, 0]
  let letGo = (): void => {}
  const fourAreHere = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const put = async (): Promise<void> => {
    if (++puts === 4) letGo()
    await fourAreHere
  }
  const onProgress = (): void => {
    calls++
    throw new Error('listener')
  }
  await expect(importFolder(site, { put }, { onProgress })).rejects.toThrow('listener')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(calls).toBe(1)
})

test('blocks that are kept after they were stored, and written over since, are hashed before they are stored again', async () => {
  for (let i = 0; i < 60; i++) writeFileSync(join(site, `f${i}`), noise(1_000_000, i + 1))
  const store = builtMemoryBlockStore()
  const kept: Block[] = []
  const put = async (blocks: readonly Block[]): Promise<void> => {
    if (kept.length === 0) kept.push(...blocks)
    await store.put(blocks)
  }
  await importFolder(site, { put })
  for (const block of kept) await expect(builtMemoryBlockStore().put([block])).rejects.toThrow(coded('BLOCK_MISMATCH'))
})

test('an import that the store breaks off ends, and the next one writes only what is not there', async () => {
  for (let i = 0; i < 30; i++) writeFileSync(join(site, `f${i}`), noise(1_000_000, i + 1))
  const store = memoryBlockStore()
  let puts = 0
  const breaking = { put: (blocks: readonly Block[]) => (++puts > 2 ? Promise.reject(new Error('disk')) : store.put(blocks)) }
  await expect(importFolder(site, breaking)).rejects.toThrow('disk')
  const there = new Set(store.list())
  expect(there.size).toBeGreaterThan(50)
  const { root } = await importFolder(site, store)
  expect([...there].every((cid) => store.has(cid))).toBe(true)
  expect(whole(readTree(store.get, root)).files).toHaveLength(32)
})

test('a file that changes while it is read is an error, not half a file', async () => {
  for (let i = 0; i < 40; i++) writeFileSync(join(site, `f${String(i).padStart(2, '0')}`), noise(1_000_000, i + 1))
  for (const change of [
    () => appendFileSync(join(site, 'last'), 'more'),
    () => truncateSync(join(site, 'last'), 1000),
    () => utimesSync(join(site, 'last'), 5, 5),
  ]) {
    writeFileSync(join(site, 'last'), noise(60_000_000))
    let puts = 0
    const put = async (): Promise<void> => {
      // 56 MiB have been read, of 40 MB before `last` and its own 60 MB: the thread gets no further than 80 MiB before this returns
      if (++puts === 7) change()
    }
    await expect(importFolder(site, { put })).rejects.toThrow(coded('IMPORT_CHANGED'))
  }
})

test('a folder that is put in the place of another while it is read is noticed', async () => {
  mkdirSync(join(site, 'z'))
  for (let i = 0; i < 60; i++) writeFileSync(join(site, 'z', `f${i}`), noise(1_000_000, i + 1))
  // with four slabs on their way the thread stands still, in the middle of z
  let puts = 0
  let letGo = (): void => {}
  const fourAreHere = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const put = async (): Promise<void> => {
    if (++puts === 4) {
      renameSync(join(site, 'z'), join(base, 'z-old'))
      mkdirSync(join(site, 'z'))
      for (let i = 0; i < 60; i++) writeFileSync(join(site, 'z', `f${i}`), 'other')
      letGo()
    }
    await fourAreHere
  }
  await expect(importFolder(site, { put })).rejects.toThrow(coded('IMPORT_CHANGED'))
})

test.runIf(process.platform === 'linux')(
  'a folder that a link outside takes the place of for a while is read all the same, and nothing outside is',
  async () => {
    const outside = join(base, 'outside')
    for (const [i, folder] of [join(site, 'z'), outside].entries()) {
      mkdirSync(folder)
      for (let f = 0; f < 60; f++) writeFileSync(join(folder, `f${f}`), new Uint8Array(1_000_000).fill(i === 0 ? f + 1 : 0xff))
    }
    // With four slabs on their way the thread stands still, 32 MiB into z. Two are let go then: it goes on to 48 MiB with the link there.
    let puts = 0
    const letGo: (() => void)[] = []
    const gates = [4, 6].map(() => new Promise<void>((resolve) => letGo.push(resolve)))
    const store = memoryBlockStore()
    const put = async (blocks: readonly Block[]): Promise<void> => {
      const turn = ++puts
      if (turn === 4) {
        renameSync(join(site, 'z'), join(base, 'z-old'))
        symlinkSync(outside, join(site, 'z'))
        letGo[0]?.()
      }
      if (turn === 6) {
        rmSync(join(site, 'z'))
        renameSync(join(base, 'z-old'), join(site, 'z'))
        letGo[1]?.()
      }
      await gates[turn <= 2 ? 0 : 1]
      await store.put(blocks)
    }
    const { root } = await importFolder(site, { put })
    const { files } = whole(readTree(store.get, root))
    const inZ = files.filter(({ path }) => path.startsWith('z/'))
    expect(inZ).toHaveLength(60)
    for (const { path, bytes } of inZ) expect([path, bytes[0]]).toEqual([path, Number(path.slice(3)) + 1])
  },
)

test('links into folders and from deep ones are followed', async () => {
  const deep = Array.from({ length: 31 }, () => 'd').join('/')
  mkdirSync(join(site, deep), { recursive: true })
  symlinkSync(join(site, 'data', 'ä.txt'), join(site, deep, 'l'))
  symlinkSync(deep, join(site, 'e'))
  const { tree } = await imported(site, { symlinks: 'follow' })
  const texts = tree.files.filter(({ path }) => !path.startsWith('data')).map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])
  expect(texts).toEqual([
    [`${deep}/l`, 'text'],
    ['e/l', 'text'],
    ['index.php', '<?php'],
  ])
})

test('what no tree can hold is left out and told where that is asked for; all else is taken', async () => {
  symlinkSync(join(base, 'secret'), join(site, 'a-secret'))
  symlinkSync('../..', join(site, 'data', 'up-and-out'))
  symlinkSync('../index.php', join(site, 'data', 'inside'))
  execFileSync('mkfifo', [join(site, 'pipe')])
  writeFileSync(Buffer.from(`${site}/b\xff`, 'latin1'), 'x')
  writeFileSync(join(site, 'back\\slash'), 'x')
  writeFileSync(join(site, 'huge'), '')
  truncateSync(join(site, 'huge'), 1024 ** 4)
  mkdirSync(join(site, ...Array.from({ length: 33 }, () => 'd')), { recursive: true })
  await refused(site, 'IMPORT_NAME')
  const { tree, leftOut, leftOutCount } = await imported(site, { unfit: 'leave-out' })
  expect([...leftOut].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: 'a-secret', code: 'IMPORT_OUTSIDE', target: join(base, 'secret') },
    { path: 'back\\slash', code: 'FILE_PATH', target: undefined },
    { path: 'b\xff', code: 'IMPORT_NAME', target: undefined },
    { path: Array.from({ length: 33 }, () => 'd').join('/'), code: 'FILE_PATH', target: undefined },
    { path: 'data/up-and-out', code: 'IMPORT_OUTSIDE', target: '../..' },
    { path: 'huge', code: 'FILE_TOO_LARGE', target: undefined },
    { path: 'pipe', code: 'IMPORT_KIND', target: undefined },
  ])
  expect(leftOutCount).toBe(7)
  expect(tree.files.map(({ path }) => path)).toEqual(['data/ä.txt', 'index.php'])
  expect(tree.symlinks).toEqual([{ path: 'data/inside', target: '../index.php' }])
})

test('folders by names that are to be passed over are not read, at any depth, and are told; a file by such a name is', async () => {
  for (const path of ['.git/objects', 'data/.git/refs', '.hg']) mkdirSync(join(site, path), { recursive: true })
  for (let i = 0; i < 20; i++) writeFileSync(join(site, '.git/objects', `${i}`), noise(1_000))
  writeFileSync(join(site, 'data/empty/.git'), 'gitdir: elsewhere')
  symlinkSync('empty', join(site, 'data', '.svn'))
  const options = { passOver: ['.git', '.hg', '.svn'], maxEntries: 7, maxBytes: 100 }
  const { tree, leftOut, leftOutCount, files, bytes } = await imported(site, options)
  expect([leftOut, leftOutCount]).toEqual([
    ['.git', '.hg', 'data/.git'].map((path) => ({ path, code: 'PASSED_OVER', target: undefined })),
    3,
  ])
  expect(tree.files.map(({ path }) => path)).toEqual(['data/empty/.git', 'data/ä.txt', 'index.php'])
  expect([tree.symlinks, files, bytes]).toEqual([[{ path: 'data/.svn', target: 'empty' }], 3, 5 + 4 + 17])
  await refused(site, 'TREE_TOO_LARGE', { ...options, passOver: ['.hg'] })
})

test('of what is left out the first thousand are told, the others counted', async () => {
  for (let i = 0; i < 1_010; i++) symlinkSync('/', join(site, 'data', `out-${i}`))
  const { leftOut, leftOutCount } = await imported(site, { unfit: 'leave-out' })
  expect([leftOut.length, leftOutCount]).toEqual([1_000, 1_010])
})
