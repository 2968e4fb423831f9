import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBallast } from '../src/node/ballast.js'
import { GroupCommit } from '../src/node/group-commit.js'
import type { Change, Tables } from '../src/node/tables.js'
import { bytesOf, coded } from './trees.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A database that refuses what `refuses` says, and keeps the rest in memory. */
function database(refuses: (changes: readonly Change[]) => boolean) {
  const kept = new Map<string, string>()
  const tables: Tables = {
    get: () => undefined,
    has: () => false,
    keys: () => [],
    entries: () => [],
    write: async (changes) => {
      if (refuses(changes)) throw new Error('full')
      for (const { table, key, value } of changes) {
        if (value) kept.set(`${table} ${textOf(key)}`, textOf(value))
        else kept.delete(`${table} ${textOf(key)}`)
      }
    },
    isFull: (cause) => (cause as Error).message === 'full',
    usage: () => ({ usedBytes: 0, diskBytes: 1e9, roomBytes: (diskBytes) => diskBytes }),
    bytesOf: (value) => value.length,
    close: async () => {},
  }
  return { kept, commit: new GroupCommit(tables, openBallast(folder), {}) }
}
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const put = (key: string, value: string) => [{ key: bytesOf(key), value: bytesOf(value) }]
const remove = (key: string) => [{ key: bytesOf(key), value: undefined }]
const hasBallast = (): boolean => existsSync(join(folder, 'ballast'))
const putsA = (changes: readonly Change[]): boolean => changes.some(({ value }) => value)
const outcomesOf = async (promises: readonly Promise<void>[]): Promise<readonly string[]> =>
  (await Promise.allSettled(promises)).map((one) => (one.status === 'fulfilled' ? 'written' : (one.reason as { code: string }).code))

describe.each(['blocks', 'records'] as const)('%s', (table) => {
  test.each([
    ['a put, and a deletion of something else', [put('new', 'n'), remove('old')], ['STORE_FULL', 'written'], []],
    ['a deletion, and a put of something else', [remove('old'), put('new', 'n')], ['written', 'STORE_FULL'], []],
    [
      'a put, and then a deletion of the same',
      [put('old', 'n'), put('new', 'n'), remove('old')],
      ['STORE_FULL', 'STORE_FULL', 'written'],
      [],
    ],
    ['a deletion, and then a put of the same', [remove('old'), put('old', 'n')], ['written', 'STORE_FULL'], []],
    ['a put, and a deletion of it', [put('new', 'n'), remove('new')], ['written', 'written'], ['old']],
  ])('%s at once, where no value can be written: only the puts fail', async (_what, calls, outcomes, left) => {
    let isFull = false
    const { kept, commit } = database((changes) => isFull && (hasBallast() || putsA(changes)))
    await commit.write(table, put('old', 'o'))
    expect(hasBallast()).toBe(true)
    isFull = true
    expect(await outcomesOf(calls.map((changes) => commit.write(table, changes)))).toEqual(outcomes)
    expect([...kept.keys()]).toEqual(left.map((key) => `${table} ${key}`))
    isFull = false
    await commit.write(table, put('later', 'l'))
    expect(hasBallast()).toBe(true)
  })

  test('a deletion that the disk refuses even then is STORE_WRITE_FAILED, and the put with it STORE_FULL', async () => {
    let isFull = false
    const { kept, commit } = database(() => isFull)
    await commit.write(table, put('old', 'o'))
    isFull = true
    const calls = [commit.write(table, remove('old')), commit.write(table, put('new', 'n'))]
    expect(await outcomesOf(calls)).toEqual(['STORE_WRITE_FAILED', 'STORE_FULL'])
    await expect(commit.write(table, put('more', '12345'))).rejects.toMatchObject({ failure: { code: 'STORE_FULL', neededBytes: 5 } })
    expect([...kept.keys()]).toEqual([`${table} old`])
    await commit.close()
  })

  test('ballast that can be neither taken nor thrown overboard is no failure of a put or a deletion', async () => {
    mkdirSync(join(folder, 'ballast'))
    let refusals = 0
    const { kept, commit } = database((changes) => !putsA(changes) && refusals++ === 0)
    await commit.write(table, put('a', '1'))
    await commit.write(table, remove('a'))
    expect(refusals).toBe(2)
    expect(kept.size).toBe(0)
  })
})

test('the room of the ballast is for records and deletions, not for blocks', async () => {
  let isFull = false
  const { kept, commit } = database(() => isFull && hasBallast())
  await commit.write('blocks', put('old', 'o'))
  isFull = true
  const calls = [commit.write('blocks', put('new', 'n')), commit.write('blocks', remove('old'))]
  expect(await outcomesOf(calls)).toEqual(['STORE_FULL', 'written'])
  isFull = false
  await commit.write('blocks', put('ballast', 'is taken again'))
  isFull = true
  expect(await outcomesOf([commit.write('records', put('new', 'n')), commit.write('records', remove('old'))])).toEqual([
    'written',
    'written',
  ])
  expect([...kept.keys()]).toEqual(['blocks ballast', 'records new'])
})

test('of blocks alone no ballast is thrown overboard for a put', async () => {
  const { commit } = database(putsA)
  await expect(commit.write('blocks', put('a', '1'))).rejects.toThrow(coded('STORE_FULL'))
  expect(hasBallast()).toBe(true)
})
