import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { bytesOf, type FileEntry, findNode, type TreeDirectory, treeOf } from '@interpeer/php-runtime-bridge'
import { shareBytes } from '../../../packages/php-runtime-bridge/src/node/shared-bytes.js'
import { isSitePath } from '../../../packages/php-runtime-bridge/src/path.js'

const PACKAGE = 'php8.2'
/** The version that Debian 12 was released with updates of: its archive keeps this one. */
const VERSION = '8.2.32-1~deb12u1'

/**
 * Fetches php-src as Debian's source package into a new temporary folder and unpacks it there. apt is told to read sources too, in lists of
 * its own: the machine's own are left as they are.
 * @returns the folder
 */
export function fetchSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-phpt-'))
  for (const name of ['parts', 'lists/partial', 'cache/archives/partial', 'php-src']) mkdirSync(join(folder, name), { recursive: true })
  const parts = '/etc/apt/sources.list.d'
  for (const name of readdirSync(parts).filter((one) => one.endsWith('.sources'))) {
    const text = readFileSync(join(parts, name), 'utf8')
    writeFileSync(join(folder, 'parts', name), text.replace(/^Types:.*$/gm, 'Types: deb-src'))
  }
  const settings = {
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(folder, 'parts'),
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const apt = (...words: string[]) =>
    execFileSync('apt-get', ['-q', ...options, ...words], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    apt('update')
    apt('source', '--download-only', `${PACKAGE}=${VERSION}`)
    const archive = readdirSync(folder).find((name) => name.endsWith('.orig.tar.xz')) as string
    execFileSync('tar', ['-xJf', archive, '-C', 'php-src', '--strip-components=1'], { cwd: folder })
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return join(folder, 'php-src')
}

/** All files that tests may read, as one site: everything in folders called `tests`. */
export function readSources(folder: string): TreeDirectory {
  const files: FileEntry[] = []
  const walk = (below: string, inTests: boolean): void => {
    for (const entry of readdirSync(below, { withFileTypes: true })) {
      const full = join(below, entry.name)
      if (entry.isDirectory()) walk(full, inTests || entry.name === 'tests')
      else if (inTests && entry.isFile()) {
        const path = relative(folder, full)
        if (isSitePath(path)) files.push({ path, mode: 0o644, mtimeS: 1_700_000_000, bytes: readFileSync(full) })
      }
    }
  }
  walk(folder, false)
  return treeOf(files.map((file) => ({ ...file, bytes: shareBytes(file.bytes) })))
}

/** A file's text, one character for each byte. */
export function textIn(sources: TreeDirectory, path: string): string | undefined {
  const node = findNode(sources, path)
  return node?.kind === 'file' ? Buffer.from(bytesOf(node)).toString('latin1') : undefined
}

/** The tests of a group, sorted. */
export function testsIn(sources: TreeDirectory, groups: readonly string[]): string[] {
  const found: string[] = []
  const walk = (tree: TreeDirectory, path: string): void => {
    for (const [name, node] of tree.entries) {
      if (node.kind === 'directory') walk(node, `${path}${name}/`)
      else if (name.endsWith('.phpt') && groups.some((group) => `${path}${name}`.startsWith(group))) found.push(`${path}${name}`)
    }
  }
  walk(sources, '')
  return found.sort()
}
