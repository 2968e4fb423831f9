import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { meter } from '../../src/meter/meter.js'
import { meteredBinary } from '../../src/node/metered-binary.js'
import { exportOf, global, i32, int, oneFunction } from './assembler.js'

const bytes = oneFunction([], [], [], [0x01], {
  globals: [global(i32, true, int(65536))],
  exports: [exportOf('__stack_pointer', 'global', 0)],
})
const made = meter(bytes, { stack: 1024 })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interpeer-meter-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const metered = async (options = { stack: 1024 }) => {
  const { bytes: module, ...facts } = await meteredBinary(bytes, options, folder)
  return { ...facts, bytes: Uint8Array.from(module) }
}
const onlyFile = () => {
  const files = readdirSync(folder)
  expect(files).toHaveLength(1)
  return join(folder, files[0] as string)
}

test('without a folder it is made', async () => {
  expect(await meteredBinary(bytes, { stack: 1024 })).toEqual(made)
})

test('what was made is kept, and read again', async () => {
  expect(await metered()).toEqual(made)
  const kept = readFileSync(onlyFile())
  // the file decides: one that is whole and says otherwise is taken at its word
  expect(await metered()).toEqual(made)
  expect(readFileSync(onlyFile())).toEqual(kept)
})

test('other options, or another module, have a file of their own', async () => {
  await metered()
  const other = await metered({ stack: 2048 })
  expect(other.stack).toEqual({ floor: 65536 - 2048, top: 65536 })
  expect(readdirSync(folder)).toHaveLength(2)
})

test.each([
  ['torn', (file: Buffer) => file.subarray(0, file.length - 3)],
  ['empty', () => Buffer.alloc(0)],
  ['changed', (file: Buffer) => Buffer.from(file.map((byte, at) => (at === file.length - 1 ? byte ^ 1 : byte)))],
  ['changed in its facts', (file: Buffer) => Buffer.from(file.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
])('a file that is %s is made again', async (_, spoil) => {
  await metered()
  const path = onlyFile()
  const good = readFileSync(path)
  writeFileSync(path, spoil(good))
  expect(await metered()).toEqual(made)
  expect(readFileSync(path)).toEqual(good)
})

test('many at once agree, and leave one file', async () => {
  for (const one of await Promise.all(Array.from({ length: 8 }, () => metered()))) expect(one).toEqual(made)
  expect(readFileSync(onlyFile()).length).toBeGreaterThan(made.bytes.length)
})

test('a folder that cannot be written is no failure', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect((await meteredBinary(bytes, { stack: 1024 }, file)).bytes).toEqual(made.bytes)
  chmodSync(folder, 0o500)
  expect((await meteredBinary(bytes, { stack: 1024 }, join(folder, 'x'))).bytes).toEqual(made.bytes)
  chmodSync(folder, 0o700)
})

test('the oldest go when there are many', async () => {
  for (let i = 0; i < 40; i++) await meteredBinary(bytes, { stack: 16 * i }, folder)
  expect(readdirSync(folder)).toHaveLength(32)
})

test('a module that is none is refused, with its code', async () => {
  await expect(meteredBinary(Uint8Array.of(1, 2, 3), {}, folder)).rejects.toMatchObject({ code: 'METER_MALFORMED' })
})
