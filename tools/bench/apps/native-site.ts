import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A script's absolute path into the site, between quotes; not in what PHP serialised, where its length stands before it. */
const PATH = /(?<=(?<!:)['"])\/site(?=[/'"])/g
/** Memory, where the machine has some for files: in this process ours writes to no disk either. */
const SHARED_MEMORY = '/dev/shm'

/**
 * A copy of a recipe's site for PHP that sees other folders than ours: where its scripts say `/site/…` they say the copy's own path, or `as`, if it is there
 * that they will find it.
 * @returns the folder, which its caller removes
 */
export function copyOfSite(site: string, as?: string): string {
  const folder = realpathSync(mkdtempSync(join(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), 'interpeer-bench-')))
  cpSync(site, folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !entry.name.endsWith('.php')) continue
    const text = readFileSync(path, 'latin1')
    const moved = text.replaceAll(PATH, as ?? folder)
    if (moved === text) continue
    const { atime, mtime } = statSync(path)
    writeFileSync(path, moved, 'latin1')
    utimesSync(path, atime, mtime)
  }
  return folder
}
