import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PeerError } from '../errors.js'

/**
 * Lets one process at a time use a data folder: two would sign different messages with one key, which ends the account. A lock left behind
 * by a process that is gone (kill -9) is taken over.
 * @returns what releases it
 * @throws {PeerError} DATA_IN_USE
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  const mine = `${process.pid} ${startOf(process.pid)}\n`
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 })
      // two processes may take over one stale lock at once: whoever finds the other's name afterwards goes round again
      if (attempt > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TAKE_OVER_MS)
      if (readTextOrNothing(path) === mine) return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
    }
    const [pidText = '', start = ''] = readTextOrNothing(path).trim().split(' ')
    const pid = Number(pidText)
    if (Number.isInteger(pid) && pid > 0 && isRunning(pid) && startOf(pid) === start) throw new PeerError({ code: 'DATA_IN_USE', folder, pid })
    rmSync(path, { force: true })
  }
}

const TAKE_OVER_MS = 50
function readTextOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When the process started, where the system tells (Linux): a pid alone may belong to another process by now. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
