import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageFolders, ROOT, readRoot } from './workspace.js'

// What a stranger gets: each package packed, installed alone in an empty folder, and everything in it that can be imported.

const run = promisify(execFile)
const work = mkdtempSync(join(tmpdir(), 'interpeer-packed-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly files: readonly string[]
}
const packages = packageFolders('packages').map((folder) => ({ folder, ...(JSON.parse(readRoot(`${folder}/package.json`)) as Manifest) }))
/** Vectors whose licences the packages do not carry. */
const OF_OTHERS = /^(bip39-|bolt04-|cbor_appendix_a\.|ed25519-speccheck|ipld_|multibase_|noise-|wycheproof-)/
/** Its README's example needs nothing else, and all that makes it work: binaries, data, a worker's file. */
const RUNS_ALONE = '@interpeer/php-runtime-bridge'
/** Package name → its tarball. */
const tarballs = new Map<string, string>()

beforeAll(async () => {
  for (const { folder, name } of packages) {
    const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', work], { cwd: join(ROOT, folder) })
    tarballs.set(name, (JSON.parse(stdout) as { filename: string }).filename)
  }
})

test.each(packages)('$name works when it is packed, installed alone and imported', async ({ folder, name, exports, files }) => {
  const place = join(work, folder.replaceAll('/', '-'))
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: { [name]: fileOf(name) } }))
  // ours are on no registry yet: those that it depends on come from their tarballs, all else as it would for anyone
  writeFileSync(join(place, 'pnpm-workspace.yaml'), workspaceOf(packages.filter((one) => one.name !== name).map((one) => one.name)))
  await run('pnpm', ['install', '--prefer-offline', '--ignore-scripts', '--no-lockfile'], { cwd: place })

  const entries = Object.keys(exports).filter((entry) => !entry.includes('*') && !entry.endsWith('.json'))
  expect(entries).toContain('.')
  expect(await namesIn(place, entries, name)).toEqual(entries.map((entry) => [entry, true]))
  const installed = join(place, 'node_modules', name)
  // what is no module is there too: schemas and stubs for editors, licences
  const others = [...Object.values(exports), ...files].filter((path) => typeof path === 'string' && !/[*!]/.test(path)) as string[]
  expect(others.filter((path) => !existsSync(join(installed, path)))).toEqual([])
  if (name === RUNS_ALONE) {
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(installed, 'README.md'), 'utf8')) ?? []
    writeFileSync(join(place, 'example.mts'), example)
    expect((await run(process.execPath, ['example.mts'], { cwd: place })).stdout).toMatch(/^200 Hello, Ada! /)
  }
  if ('./vectors/*' in exports) {
    const all = readdirSync(join(installed, 'vectors'))
    const vectors = all.filter((file) => file.endsWith('.json'))
    expect(vectors.length).toBeGreaterThan(0)
    expect(all.filter((file) => OF_OTHERS.test(file))).toEqual([])
    const [first] = vectors
    await run(process.execPath, ['--input-type=module', '-e', `await import('${name}/vectors/${first}', { with: { type: 'json' } })`], {
      cwd: place,
    })
  }
})

const fileOf = (name: string): string => `file:${tarballs.get(name)}`
const workspaceOf = (names: readonly string[]): string =>
  `minimumReleaseAge: 0\noverrides:\n${names.map((name) => `  '${name}': '${fileOf(name)}'\n`).join('')}`

/** Each entry, and whether it exports anything. */
async function namesIn(place: string, entries: readonly string[], name: string): Promise<unknown> {
  const specifiers = entries.map((entry) => name + entry.slice(1))
  const code = `
    const found = []
    for (const specifier of ${JSON.stringify(specifiers)}) found.push(Object.keys(await import(specifier)).length > 0)
    console.log(JSON.stringify(found))
    process.exit(0)`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: place })
  expect(stderr).toBe('')
  return (JSON.parse(stdout) as boolean[]).map((found, i) => [entries[i], found])
}
