import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildTree } from '../src/index.js'
import { exportFolder, importFolder } from '../src/node/index.js'
import { bytesOf, coded, fileAt } from './trees.js'

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

test('a folder in, the same folder out', async () => {
  const imported = await importFolder(site)
  expect(imported.files.map(({ path }) => path)).toEqual(['data/ä.txt', 'index.php'])
  expect(imported.files[1]).toEqual(fileAt('index.php', '<?php', 0o755, 1_700_000_000))
  expect(imported.directories.map(({ path }) => path)).toEqual(['data', 'data/empty'])
  const out = join(base, 'out')
  await exportFolder(imported, out)
  expect(statSync(join(out, 'index.php')).mtimeMs).toBe(1_700_000_000_000)
  const again = await importFolder(out)
  expect(buildTree(again.files, again.directories).root).toBe(buildTree(imported.files, imported.directories).root)
})

test('links inside are read as what they point to', async () => {
  symlinkSync('index.php', join(site, 'home.php'))
  symlinkSync('../data/empty', join(site, 'data', 'also'))
  const { files, directories } = await importFolder(site)
  expect(files.find(({ path }) => path === 'home.php')?.bytes).toEqual(bytesOf('<?php'))
  expect(directories.map(({ path }) => path)).toContain('data/also')
})

test('nothing outside is read', async () => {
  for (const target of ['../secret', join(base, 'secret'), '/etc/passwd', '..', '../site-b']) {
    mkdirSync(join(base, 'site-b'), { recursive: true })
    symlinkSync(target, join(site, 'link'))
    await expect(importFolder(site)).rejects.toThrow(coded('IMPORT_OUTSIDE'))
    rmSync(join(site, 'link'))
  }
  symlinkSync('nowhere', join(site, 'link'))
  await expect(importFolder(site)).rejects.toThrow(coded('IMPORT_UNREADABLE'))
})

test('a link to a folder above it ends', async () => {
  for (const target of ['.', '..', '../data']) {
    symlinkSync(target, join(site, 'data', 'loop'))
    await expect(importFolder(site)).rejects.toThrow(coded('IMPORT_LOOP'))
    rmSync(join(site, 'data', 'loop'))
  }
})

test.skipIf(process.platform === 'win32')('pipes, sockets and odd names are refused', async () => {
  execFileSync('mkfifo', [join(site, 'pipe')])
  await expect(importFolder(site)).rejects.toThrow(coded('IMPORT_KIND'))
  rmSync(join(site, 'pipe'))
  const server = createServer().listen(join(site, 'socket'))
  await new Promise((resolve) => server.once('listening', resolve))
  await expect(importFolder(site)).rejects.toThrow(coded('IMPORT_KIND'))
  await new Promise((resolve) => server.close(resolve))
  writeFileSync(Buffer.concat([Buffer.from(`${site}/`), Buffer.from([0x66, 0xff])]), '')
  await expect(importFolder(site)).rejects.toThrow(coded('IMPORT_NAME'))
  rmSync(Buffer.concat([Buffer.from(`${site}/`), Buffer.from([0x66, 0xff])]))
  writeFileSync(join(site, 'back\\slash'), '')
  await expect(importFolder(site)).rejects.toThrow(coded('FILE_PATH'))
})

test('limits, and what is no folder', async () => {
  await expect(importFolder(site, { maxFileBytes: 4 })).rejects.toThrow(coded('FILE_TOO_LARGE'))
  await expect(importFolder(site, { maxBytes: 8 })).rejects.toThrow(coded('TREE_TOO_LARGE'))
  await expect(importFolder(site, { maxEntries: 3 })).rejects.toThrow(coded('TREE_TOO_LARGE'))
  await expect(importFolder(join(site, 'index.php'))).rejects.toThrow(coded('IMPORT_NOT_A_FOLDER'))
  await expect(importFolder(join(site, 'nowhere'))).rejects.toThrow(coded('IMPORT_NOT_A_FOLDER'))
})

test('export writes to an empty folder only, and nowhere else', async () => {
  await expect(exportFolder({ files: [fileAt('a')], directories: [], symlinks: [] }, site)).rejects.toThrow(coded('EXPORT_NOT_EMPTY'))
  await expect(exportFolder({ files: [fileAt('../a')], directories: [], symlinks: [] }, join(base, 'new'))).rejects.toThrow(
    coded('FILE_PATH'),
  )
  await exportFolder({ files: [fileAt('r/o')], directories: [{ path: 'r', mode: 0o555 }], symlinks: [] }, join(base, 'new'))
  expect(readFileSync(join(base, 'new', 'r', 'o'), 'utf8')).toBe('r/o')
  chmodSync(join(base, 'new', 'r'), 0o755)
})
