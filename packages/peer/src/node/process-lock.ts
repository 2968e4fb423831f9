import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PeerError } from '../errors.js'

const TRIES = 4
/** Two processes that start at once both step back; they come again after different pauses. */
const PAUSE_MS = { least: 10, most: 60 }

/**
 * Lets one process at a time use a data folder: two would sign different messages with one key, which ends the account. Each process puts
 * a file with its own name into `lock/` and only then looks for others', so that of two at least one sees the other. What a process left
 * behind that is gone (kill -9) is removed: nobody else can have its name.
 * @returns what releases it
 * @throws {PeerError} DATA_IN_USE
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  const mine = nameOf(process.pid)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  for (let tries = 1; ; tries++) {
    if (!writeNew(join(path, mine))) throw new PeerError({ code: 'DATA_IN_USE', folder, pid: process.pid })
    const release = () => rmSync(join(path, mine), { force: true })
    const other = otherIn(path, mine)
    if (other === undefined) return release
    release()
    if (tries === TRIES) throw new PeerError({ code: 'DATA_IN_USE', folder, pid: other })
    const pauseMs = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
  }
}

/** The pid of another process that uses the folder, or wants to. */
function otherIn(path: string, mine: string): number | undefined {
  for (const name of readdirSync(path)) {
    if (name === mine) continue
    const pid = Number(name.split('-')[0])
    if (Number.isSafeInteger(pid) && pid > 0 && isRunning(pid) && nameOf(pid) === name) return pid
    rmSync(join(path, name), { force: true })
  }
  return undefined
}

function writeNew(path: string): boolean {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
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

/** The pid and when the process started, where the system tells (Linux): a pid alone may belong to another process by now. */
function nameOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // killed, and only waiting for its parent to take note: it holds nothing any more
    return fields[0] === 'Z' ? `${pid}-gone` : `${pid}-${fields[19] ?? ''}`
  } catch {
    return `${pid}-`
  }
}
