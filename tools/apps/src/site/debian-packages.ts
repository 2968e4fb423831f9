import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { SourcesMissing } from './sources-missing.ts'

/** A package as this machine's distribution has it now. */
export interface DebianPackage {
  readonly name: string
  /** NAME_VERSION_ARCHITECTURE.deb */
  readonly file: string
  /** SHA-256, hexadecimal, as the distribution's signed lists say. */
  readonly digest: string
}
/** `'http://…/x.deb' x.deb 1877336 SHA256:aa…`, and with MD5Sum in lists that have no SHA-256, which is refused. */
const LINE = /^'[^']+' (?<file>(?<name>[^\s_]+)_\S+\.deb) \d+ SHA256:(?<digest>[0-9a-f]{64})$/gm

/** Looks the packages up in the lists that apt has; where it has none, and may, it fetches them first. @throws {SourcesMissing} */
export function findDebianPackages(names: readonly string[]): readonly DebianPackage[] {
  if (names.length > 0 && !existsSync('/usr/bin/apt-get')) {
    throw new SourcesMissing(`${names.join(', ')}: this machine has no apt-get; Debian 12 does, and so does any container of it`)
  }
  const isKnown = (found: ReadonlyMap<string, DebianPackage>) => names.every((name) => found.has(name))
  let found = lookUp(names)
  if (!isKnown(found) && updateLists()) found = lookUp(names)
  return names.map((name) => {
    const known = found.get(name)
    if (known === undefined) throw new SourcesMissing(`apt-get knows no package ${name} (apt-get update, on Debian 12, mends that)`)
    return known
  })
}

/** Unpacks packages over each other into a folder, as dpkg would, but runs none of their scripts. @throws {SourcesMissing} */
export function unpackDebianPackages(packages: readonly DebianPackage[], folder: string): void {
  const kept = join(cacheFolder, 'debian')
  mkdirSync(kept, { recursive: true })
  for (const { name, file, digest } of packages) {
    const path = join(kept, `${digest.slice(0, 16)}-${file}`)
    if (!existsSync(path)) fetchTo(path, name, file)
    execFileSync('dpkg-deb', ['--extract', path, folder])
  }
}

/** apt-get checks what it downloads against its lists. */
function fetchTo(path: string, name: string, file: string): void {
  const folder = mkdtempSync(join(cacheFolder, 'fetched-'))
  try {
    run(['download', '-q', name], folder)
    renameSync(join(folder, file), path)
  } catch (cause) {
    throw new SourcesMissing(`apt-get could not download ${name}`, { cause })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All with one run of apt-get, which reads its lists at each; one by one where it does not know them all. */
function lookUp(names: readonly string[]): ReadonlyMap<string, DebianPackage> {
  const found = new Map<string, DebianPackage>()
  if (names.length === 0) return found
  try {
    for (const { groups } of run(['download', '--print-uris', ...names], '/').matchAll(LINE)) {
      const { name = '', file = '', digest = '' } = groups ?? {}
      found.set(name, { name, file, digest })
    }
  } catch {
    if (names.length > 1) for (const name of names) for (const [one, known] of lookUp([name])) found.set(one, known)
  }
  return found
}

let isUpdated = false
function updateLists(): boolean {
  if (isUpdated || process.getuid?.() !== 0) return false
  isUpdated = true
  try {
    run(['update', '-qq'], '/')
    return true
  } catch {
    return false
  }
}

/** Not as apt's own user, which could not write where the cache is. */
function run(words: readonly string[], cwd: string): string {
  return execFileSync('apt-get', ['-o', 'APT::Sandbox::User=root', ...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
