import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { lockFolder } from '../src/node/process-lock.js'

const folders: string[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-lock-'))
  folders.push(folder)
  return folder
}
const program = new URL('./lock-holder.mjs', import.meta.url)
/** Starts a process that takes the lock and holds it; tells what came of it. */
async function hold(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const child = fork(program, [folder], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  children.push(child)
  const [said] = (await once(child, 'message')) as [string]
  return { child, said }
}
const codeOf = (lock: () => unknown): unknown => {
  try {
    lock()
    return 'locked'
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

test('a folder is one process’s until it lets go, and this process can not have it twice either', () => {
  const folder = newFolder()
  const release = lockFolder(folder)
  expect(codeOf(() => lockFolder(folder))).toBe('DATA_IN_USE')
  release()
  lockFolder(folder)()
  expect(readdirSync(join(folder, 'lock'))).toEqual([])
})

test('another process is refused while one runs; what a killed one left behind is taken over', async () => {
  const folder = newFolder()
  const { child, said } = await hold(folder)
  expect(said).toBe('locked')
  expect(codeOf(() => lockFolder(folder))).toBe('DATA_IN_USE')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readdirSync(join(folder, 'lock'))).toHaveLength(1)
  lockFolder(folder)()
})

test('of three that start at once on what a killed one left, at most one gets it', async () => {
  const folder = newFolder()
  const { child } = await hold(folder)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const said = (await Promise.all([hold(folder), hold(folder), hold(folder)])).map((one) => one.said)
  expect(said.filter((one) => one === 'locked').length).toBeLessThanOrEqual(1)
  expect(said.filter((one) => one === 'DATA_IN_USE').length).toBeGreaterThanOrEqual(2)
})
