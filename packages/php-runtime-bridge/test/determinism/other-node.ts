import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Another Node than this one, 20 or newer, if one is on the PATH. */
export async function otherNode(): Promise<string | undefined> {
  const here = realpathSync(process.execPath)
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']) {
    const path = join(folder, 'node')
    if (!existsSync(path) || realpathSync(path) === here) continue
    const { stdout } = await run(path, ['--version'])
    if (stdout.trim() !== process.version && Number(/^v(\d+)/.exec(stdout)?.[1]) >= 20) return path
  }
  return undefined
}
