import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { childScript } from './built.js'

// A killed process leaves what it wrote to the system, which forgets it only when the power fails: so here the system calls are looked at.
const canTrace = ((): boolean => {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write('durable.test.ts is skipped: strace can trace nothing here\n')
    return false
  }
})()

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Each thread's calls, whole and in the order of their ends. */
function callsOf(trace: string): readonly string[] {
  const begun = new Map<string, string>()
  const calls: string[] = []
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const start = /^(.*) <unfinished \.\.\.>$/.exec(text)?.[1]
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1]
    if (start !== undefined) begun.set(thread, start)
    else calls.push(rest === undefined ? text : (begun.get(thread) ?? '') + rest)
  }
  return calls
}

/** Of each 'begin' … 'end' that the process wrote: which files it wrote to, and which of them were not synced at the end. */
function steps(calls: readonly string[]): readonly { readonly written: string[]; readonly unsynced: string[] }[] {
  const found: { written: string[]; unsynced: string[] }[] = []
  /** Whose writes are on the disk when the call returns. */
  const syncing = new Set<string>()
  let [written, unsynced] = [new Set<string>(), new Set<string>()]
  for (const call of calls) {
    const opened = /^openat\(.*\bO_D?SYNC\b.* = (\d+<.*>)$/.exec(call)?.[1]
    if (opened !== undefined) syncing.add(opened)
    const [, name = '', file = '', path = ''] = /^(\w+)\((\d+<([^>]*)>)/.exec(call) ?? []
    if (call.includes('"begin\\n"')) [written, unsynced] = [new Set(), new Set()]
    else if (call.includes('"end\\n"')) found.push({ written: [...written], unsynced: [...unsynced] })
    else if (name === 'fsync' || name === 'fdatasync') unsynced.delete(basename(path))
    else if (path.startsWith(folder) && /write/.test(name) && !path.endsWith('-shm')) {
      written.add(basename(path))
      if (!syncing.has(file)) unsynced.add(basename(path))
    }
  }
  return found
}

describe.skipIf(!canTrace).each([
  ['openLmdbStore', 'data.mdb'],
  ['openSqliteStore', 'store.sqlite-wal'],
] as const)('%s', (open, file) => {
  test('what was put or deleted is synced to the disk before that resolves', () => {
    const script = `${childScript(open)}
      import { writeSync } from 'node:fs'
      const traced = async (step) => { writeSync(1, 'begin\\n'); await step(); writeSync(1, 'end\\n') }
      await traced(() => store.blocks.put([blockAt(1)]))
      await traced(() => store.records('locks').put([['a', new Uint8Array(9)]]))
      await traced(() => store.blocks.put([blockAt(2), blockAt(3)]))
      await traced(() => store.blocks.delete([blockAt(1).cid]))
      await traced(() => store.records('locks').delete(['a']))
      await store.close()`
    const trace = join(folder, 'trace')
    const watched = '--trace=openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync'
    const slow = '--inject=fsync,fdatasync:delay_enter=20000' // 20 ms: what does not wait for the disk is seen not to
    const args = ['-f', '-y', watched, slow, '-o', trace, process.execPath, '--input-type=module', '-e', script, folder]
    execFileSync('strace', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const durable = { written: [file], unsynced: [] }
    expect(steps(callsOf(readFileSync(trace, 'utf8')))).toEqual([durable, durable, durable, durable, durable])
  })
})
