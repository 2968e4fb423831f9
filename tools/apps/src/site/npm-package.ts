import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { SourcesMissing } from './sources-missing.ts'

const PINNED = /^(@[a-z0-9-]+\/)?[a-z0-9.-]+@\d+\.\d+\.\d+$/

/** Unpacks one package of npm's registry, NAME@VERSION, into a folder. @throws {SourcesMissing} */
export function unpackNpmPackage(spec: string, folder: string): void {
  if (!PINNED.test(spec)) throw new Error(`${spec} is no name with a whole version`)
  const kept = join(cacheFolder, 'npm')
  mkdirSync(kept, { recursive: true })
  const path = join(kept, `${spec.replaceAll('/', '-')}.tgz`)
  if (!existsSync(path)) fetchTo(path, spec)
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['--extract', '--gzip', '--strip-components=1', '--file', path, '--directory', folder])
}

function fetchTo(path: string, spec: string): void {
  const folder = mkdtempSync(join(cacheFolder, 'fetched-'))
  try {
    // npm checks what it downloads against the registry's digest
    execFileSync('npm', ['pack', '--silent', spec], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    renameSync(join(folder, readdirSync(folder)[0] as string), path)
  } catch (cause) {
    throw new SourcesMissing(`npm could not fetch ${spec}`, { cause })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
