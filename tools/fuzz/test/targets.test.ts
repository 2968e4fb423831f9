import { decodeCbor, MESSAGE_NUMBERS } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { declarations } from '../../test/wire-doc.js'
import { filesBelow, packageFolders } from '../../test/workspace.js'
import { diceOf } from '../src/dice.ts'
import { mutateCbor } from '../src/mutate-cbor.ts'
import { sampleOf } from '../src/sample.ts'
import { tinyItems } from '../src/tiny-items.ts'
import { targets } from '../targets/index.ts'

const sources = packageFolders('packages', 'apps').flatMap((folder) => filesBelow(`${folder}/src`, '.ts'))

test('names are of a package, and none is there twice', () => {
  const names = targets.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const packages = packageFolders('packages', 'apps').map((folder) => folder.split('/')[1])
  for (const name of names) expect(packages).toContain(name.split('/')[0])
})
test('every message has a target', () => {
  const declared = [...declarations(sources)].flatMap(([name, places]) => places.map((place) => `${place.package}/${name}`))
  expect(declared.length).toBe(Object.keys(MESSAGE_NUMBERS).length - 1) // but the one for examples
  const names = targets.map(({ name }) => name)
  expect(declared.filter((name) => !names.includes(name))).toEqual([])
})
test('every source that reads bytes or JSON has a target', () => {
  // what these read they have written themselves, or is the memory of a process of their own, a vector, or their own package.json
  const inside = [
    'apps/gateway/src/config.ts',
    'apps/seeder/src/dev/kept-changes.ts',
    'apps/seeder/src/lint/check-syntax.ts',
    'apps/seeder/src/version.ts',
    'packages/content-store/src/map/hashes.ts',
    'packages/content-store/src/node/lmdb-file.ts',
    'packages/job-scheduler/src/shuffle.ts',
    'packages/php-runtime-bridge/src/node/guest-memory.ts',
    'packages/php-runtime-bridge/src/node/image-builder.ts',
    'packages/php-runtime-bridge/src/node/included-files.ts',
    'packages/php-runtime-bridge/src/node/metered-binary.ts',
    'packages/php-runtime-bridge/src/node/seeded-random.ts',
    'packages/wire-codec/src/message.ts',
    'packages/wire-codec/src/test-vectors.ts',
    'packages/overlay/src/core.ts',
  ]
  const reading = sources.filter(({ text }) => /\b(decodeWith|decodeCbor|JSON\.parse|getUint(8|16|32)|getBigUint64)\(/.test(text))
  const covered = new Set(targets.map(({ file }) => file))
  expect(reading.length).toBeGreaterThan(inside.length)
  expect(reading.map(({ path }) => path).filter((path) => !covered.has(path) && !inside.includes(path))).toEqual([])
})
test('every file that a target names is there', () => {
  const paths = sources.map(({ path }) => path)
  expect(targets.map(({ file }) => file).filter((file) => file !== undefined && !paths.includes(file))).toEqual([])
})
test("each message's samples are of its shape: its target takes at least one", () => {
  const messages = targets.filter(({ file }) => file === undefined)
  expect(messages.length).toBeGreaterThanOrEqual(Object.keys(MESSAGE_NUMBERS).length - 1)
  for (const { name, seeds, run } of messages) {
    const taken = (seeds?.() ?? []).filter((seed) => {
      try {
        run(seed)
        return true
      } catch {
        return false
      }
    })
    expect(taken.length, name).toBeGreaterThan(0)
  }
})
test('samples follow the dice, and CDDL of another form is refused', () => {
  const cddl = '[type: 49, key: bstr .size 2, at: uint .size 4, list: [0*3 (bool / null)]]'
  expect(sampleOf(cddl, diceOf(1))).toEqual(sampleOf(cddl, diceOf(1)))
  expect(
    Array.from({ length: 20 }, (_, i) => sampleOf(cddl, diceOf(i)).join()).filter((one, i, all) => all.indexOf(one) === i).length,
  ).toBeGreaterThan(10)
  expect(() => sampleOf('{ a: int }', diceOf(1))).toThrow('no CDDL of a schema')
})
test('a value of CBOR changed is canonical CBOR still, and another one most of the time', () => {
  const dice = diceOf(7)
  const bytes = sampleOf('[a: bstr .size 4, b: uint .size 4, c: [0*3 tstr .size (0..9)], d: #6.42(bstr)]', dice)
  const made = Array.from({ length: 500 }, () => mutateCbor(bytes, dice, (input) => input.map((byte) => byte ^ 1)))
  const valid = made.filter((one) => one !== undefined)
  expect(valid.length).toBeGreaterThan(450)
  expect(valid.filter((one) => Buffer.compare(one, bytes) !== 0).length).toBeGreaterThan(300)
  expect(mutateCbor(Uint8Array.of(0xff), dice, (input) => input)).toBeUndefined()
})
test('an input of tiny items is canonical CBOR, almost as long as it may be', () => {
  for (const maxBytes of [64, 1200, 100_000]) {
    const bytes = tinyItems(maxBytes)
    expect(bytes.length).toBeLessThanOrEqual(maxBytes)
    if (maxBytes > 1200) expect(bytes.length).toBeGreaterThan(maxBytes * 0.94)
    const lists = decodeCbor(bytes, { maxItems: bytes.length }) as readonly (readonly Uint8Array[])[]
    expect(lists.length).toBe(lists[0]?.length ?? 0)
  }
})
