import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBallast } from '../src/node/ballast.js'
import { GroupCommit } from '../src/node/group-commit.js'
import type { Change, Tables } from '../src/node/tables.js'
import { bytesOf } from './trees.js'

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

const putsA = (changes: readonly Change[]): boolean => changes.some(({ value }) => value)

describe.each(['blocks', 'records'] as const)('%s', (table) => {
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
