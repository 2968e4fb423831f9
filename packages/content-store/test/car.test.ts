import { readFileSync } from 'node:fs'
import { bytesOfContentId, type ContentId, parseContentId } from '@interpeer/crypto-ids'
import { decodeCbor, encodeCbor, Link } from '@interpeer/wire-codec'
import { CarBufferReader } from '@ipld/car/buffer-reader'
import { CarReader } from '@ipld/car/reader'
import { CarWriter } from '@ipld/car/writer'
import { decode as decodeDagCbor, encode as encodeDagCbor } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { type CarLimits, exportCar, importCar } from '../src/car.js'
import { type Block, type BlockStore, blockOf, buildTree, linksOf, memoryBlockStore, reachableBlocks } from '../src/index.js'
import fixtures from '../vectors/codec-fixtures.json' with { type: 'json' }
import { bytesOf, coded, database, fileAt, holding, noise } from './trees.js'

const site = buildTree(
  [fileAt('index.php'), fileAt('copy.php', 'index.php'), fileAt('wiki.sqlite', database(300_000))],
  [{ path: 'empty', mode: 0o755 }],
)
const cidOf = (cid: ContentId): CID => CID.decode(bytesOfContentId(cid))

async function joined(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part.slice())
  return Uint8Array.from(Buffer.concat(all))
}
/** The bytes in pieces of that many. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const importing = (bytes: Uint8Array, limits: CarLimits = {}, store: Pick<BlockStore, 'put'> = memoryBlockStore()) =>
  importCar(inPieces(bytes, 1000), store, limits)

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))])
const section = (...parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = Buffer.concat(parts)
  return Uint8Array.from([...varint(bytes.length), ...bytes])
}
const header = (...roots: readonly CID[]): Uint8Array => section(encodeDagCbor({ version: 1, roots }))
const sectionOf = ({ cid, bytes }: Block): Uint8Array => section(bytesOfContentId(cid), bytes)
const archive = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))
const hello = blockOf(bytesOf('hello'), 'raw')

describe('an archive', () => {
  test('of a tree has each block once, the root first, and @ipld/car reads it', async () => {
    const { get } = await holding(site)
    const reader = await CarReader.fromBytes(await joined(exportCar(get, site.root)))
    expect((await reader.getRoots()).map(String)).toEqual([site.root])
    const cids: string[] = []
    for await (const { cid, bytes } of reader.blocks()) {
      cids.push(cid.toString())
      expect(get(parseContentId(cid.toString()))).toEqual(bytes)
    }
    expect(cids[0]).toBe(site.root)
    expect(cids.toSorted()).toEqual((reachableBlocks(get, site.root) as { blocks: ContentId[] }).blocks.toSorted())
    expect(new Set(cids).size).toBe(cids.length)
  })

  test.each([1, 7, 1000, 10_000_000])('comes in as it went out, in pieces of %i bytes', async (size) => {
    const { get } = await holding(site)
    const store = memoryBlockStore()
    const bytes = await joined(exportCar(get, site.root))
    const imported = await importCar(inPieces(size === 1 ? bytes.subarray(0) : bytes, size), store)
    expect(imported.roots).toEqual([site.root])
    expect([...store.list()].toSorted()).toEqual(site.blocks.map(({ cid }) => cid).toSorted())
    expect(imported.blocks).toBe(site.blocks.length)
    expect(imported.bytes).toBe(site.blocks.reduce((sum, block) => sum + block.bytes.length, 0))
  })

  test('that @ipld/car writes comes in', async () => {
    const { writer, out } = CarWriter.create([cidOf(site.root), cidOf(hello.cid)])
    const written = joined(out)
    for (const { cid, bytes } of [hello, ...site.blocks]) await writer.put({ cid: cidOf(cid), bytes })
    await writer.close()
    expect((await importing(await written)).roots).toEqual([site.root, hello.cid])
  })

  test('any bytes as blocks come back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.uint8Array({ maxLength: 300 }), { minLength: 1, selector: String }),
        fc.integer({ min: 1, max: 50 }),
        async (contents, size) => {
          const leaves = contents.map((bytes) => blockOf(bytes, 'raw'))
          const top = blockOf(encodeCbor(leaves.map(({ cid }) => new Link(bytesOfContentId(cid)))), 'dag-cbor')
          const { get } = await holding({ blocks: [top, ...leaves] })
          const store = memoryBlockStore()
          await importCar(inPieces(await joined(exportCar(get, top.cid)), size), store)
          for (const { cid, bytes } of [top, ...leaves]) expect(store.get(cid)).toEqual(bytes)
        },
      ),
      { numRuns: 50 },
    )
  })

  test('is written as it is read, and not further', async () => {
    const { get } = await holding(site)
    let got = 0
    const parts = exportCar((cid) => {
      got++
      return get(cid)
    }, site.root)
    for (let i = 0; i < 4; i++) await parts.next()
    expect(got).toBeLessThanOrEqual(2)
    await parts.return()
  })

  test('ends with an error where a block is missing, after what comes before it', async () => {
    const store = await holding(site)
    const last = site.blocks[0] as Block
    await store.delete([last.cid])
    const taken: Uint8Array[] = []
    const take = async (): Promise<void> => {
      for await (const part of exportCar(store.get, site.root)) taken.push(part)
    }
    await expect(take()).rejects.toMatchObject({ code: 'CAR_INCOMPLETE', failure: { missing: [last.cid] } })
    expect(taken.length).toBeGreaterThan(1)
  })

  test('is held a few megabytes at a time', async () => {
    const blocks = Array.from({ length: 40 }, (_, i) => blockOf(noise(1_000_000, i + 1), 'raw'))
    async function* source(): AsyncGenerator<Uint8Array> {
      yield header(cidOf((blocks[0] as Block).cid))
      for (const block of blocks) yield sectionOf(block)
    }
    let most = 0
    const store = {
      put: async (given: readonly Block[]) => {
        most = Math.max(
          most,
          given.reduce((sum, { bytes }) => sum + bytes.length, 0),
        )
      },
    }
    expect(await importCar(source(), store)).toMatchObject({ blocks: 40, bytes: 40_000_000 })
    expect(most).toBeLessThanOrEqual(5_000_000)
  })

  test('with a block twice brings it once', async () => {
    const store = memoryBlockStore()
    expect(await importing(archive(header(cidOf(hello.cid)), sectionOf(hello), sectionOf(hello)), {}, store)).toMatchObject({ blocks: 2 })
    expect([...store.list()]).toEqual([hello.cid])
  })
})

const sha512 = CID.parse('bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4hn7zgh4uvlsb5xncykzapi3ocd4lzogukir6ksdy6wzrnz6ohnv4aglcs')
const identity = CID.parse('bafkqabtimvwgy3yk')
const dagPb = CID.decode(Uint8Array.from([1, 0x70, ...bytesOfContentId(hello.cid).subarray(2)]))
const version0 = CID.parse('QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n')
const good = archive(header(cidOf(hello.cid)), sectionOf(hello))
const zeros = (length: number): Uint8Array => new Uint8Array(length)
const hostile: readonly (readonly [name: string, code: string, bytes: Uint8Array, limits?: CarLimits])[] = [
  ['nothing', 'CAR_MALFORMED', zeros(0)],
  ['an empty header', 'CAR_MALFORMED', zeros(1)],
  ['text', 'CAR_MALFORMED', bytesOf('hello, this is no archive at all')],
  ['a header that is not CBOR', 'CAR_MALFORMED', section(bytesOf('hello'))],
  ['a header of another kind', 'CAR_MALFORMED', section(encodeDagCbor({ version: 1, roots: [], more: 1 }))],
  ['a header without roots', 'CAR_MALFORMED', section(encodeDagCbor({ version: 1 }))],
  ['a header with a root that is no CID', 'CAR_MALFORMED', section(encodeDagCbor({ version: 1, roots: ['hello'] }))],
  ['version 3', 'CAR_MALFORMED', section(encodeDagCbor({ version: 3, roots: [cidOf(hello.cid)] }))],
  ['CARv2', 'CAR_UNSUPPORTED', archive(section(encodeDagCbor({ version: 2 })), zeros(40), good)],
  ['no root', 'CAR_UNSUPPORTED', archive(header(), sectionOf(hello))],
  ['a header of 60 kB of nested lists', 'CAR_MALFORMED', section(new Uint8Array(60_000).fill(0x81))],
  [
    'a header that says it has 2^32 roots',
    'CAR_MALFORMED',
    section(Uint8Array.from([0xa2, 0x65, ...bytesOf('roots'), 0x9a, 255, 255, 255, 255])),
  ],
  ['a header of 2^20 bytes', 'CAR_TOO_LARGE', archive(Uint8Array.from(varint(2 ** 20)), zeros(2 ** 20))],
  ['a length of 2^52', 'CAR_TOO_LARGE', archive(header(cidOf(hello.cid)), Uint8Array.from(varint(2 ** 52)))],
  ['a length that never ends', 'CAR_TOO_LARGE', archive(header(cidOf(hello.cid)), new Uint8Array(1000).fill(0xff))],
  [
    'a length in more bytes than it needs',
    'CAR_MALFORMED',
    archive(header(cidOf(hello.cid)), Uint8Array.from([0xa9, 0]), sectionOf(hello).subarray(1)),
  ],
  ['a section of 2^21 bytes', 'CAR_TOO_LARGE', archive(header(cidOf(hello.cid)), Uint8Array.from(varint(2 ** 21)), zeros(2 ** 21))],
  [
    'a block of 2^20 + 1 bytes',
    'BLOCK_TOO_LARGE',
    archive(header(cidOf(hello.cid)), section(bytesOfContentId(hello.cid), zeros(2 ** 20 + 1))),
  ],
  ['an empty section', 'CAR_MALFORMED', archive(good, zeros(1))],
  [
    'a block under the name of another',
    'BLOCK_MISMATCH',
    archive(header(cidOf(hello.cid)), section(bytesOfContentId(hello.cid), bytesOf('hullo'))),
  ],
  ['a section that is no block', 'CAR_MALFORMED', archive(header(cidOf(hello.cid)), section(bytesOf('hello')))],
  [
    'a section shorter than its CID',
    'CAR_MALFORMED',
    archive(header(cidOf(hello.cid)), section(bytesOfContentId(hello.cid).subarray(0, 20))),
  ],
  [
    'a CID whose digest has 2^40 bytes',
    'CAR_MALFORMED',
    archive(header(cidOf(hello.cid)), section(Uint8Array.from([1, 0x55, 0x12, ...varint(2 ** 40)]), zeros(40))),
  ],
  ['a root without its block', 'CAR_INCOMPLETE', archive(header(cidOf(site.root)), sectionOf(hello))],
  ['a CIDv0', 'CAR_UNSUPPORTED', archive(header(cidOf(hello.cid)), section(version0.bytes, bytesOf('hello')))],
  ['a CID with its content in it', 'CAR_UNSUPPORTED', archive(header(cidOf(hello.cid)), section(identity.bytes, bytesOf('hello\n')))],
  ['another hash', 'CAR_UNSUPPORTED', archive(header(cidOf(hello.cid)), section(sha512.bytes, bytesOf('hello')))],
  ['another codec', 'CAR_UNSUPPORTED', archive(header(cidOf(hello.cid)), section(dagPb.bytes, bytesOf('hello')))],
  ['a root of another codec', 'CAR_UNSUPPORTED', archive(header(dagPb), sectionOf(hello))],
  ['a root that is its own content', 'CAR_UNSUPPORTED', archive(header(identity), sectionOf(hello))],
  ['more bytes than wanted', 'CAR_TOO_LARGE', good, { maxBytes: good.length - 1 }],
  ['more blocks than wanted', 'CAR_TOO_LARGE', archive(good, sectionOf(hello)), { maxBlocks: 1 }],
]

describe('a hostile archive', () => {
  test.each(hostile.map(([name, code, bytes, limits]) => ({ name, code, bytes, limits })))(
    '$name: $code',
    async ({ code, bytes, limits }) => {
      const store = memoryBlockStore()
      await expect(importing(bytes, limits, store)).rejects.toThrow(coded(code))
      for (const cid of store.list()) expect(store.get(cid)).toBeDefined()
    },
  )

  test('cut anywhere but after a block is refused', async () => {
    const ends = new Set([header(cidOf(hello.cid)).length, good.length])
    for (let length = 0; length < good.length; length++) {
      await expect(importing(good.subarray(0, length))).rejects.toThrow(coded(ends.has(length) ? 'CAR_INCOMPLETE' : 'CAR_MALFORMED'))
    }
    await expect(importing(good)).resolves.toBeDefined()
  })

  test('with any byte changed is refused, by a code', async () => {
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice()
      bytes[at] = (bytes[at] as number) ^ 1
      await expect(importing(bytes)).rejects.toMatchObject({ name: 'ContentStoreError' })
    }
  })

  test('of many small blocks is stored 1,024 at a time', async () => {
    const small = Array.from({ length: 3000 }, (_, i) => blockOf(Uint8Array.of(i >> 8, i), 'raw'))
    const puts: number[] = []
    const put = async (blocks: readonly Block[]): Promise<void> => void puts.push(blocks.length)
    await importing(archive(header(cidOf((small[0] as Block).cid)), ...small.map(sectionOf)), {}, { put })
    expect(puts).toEqual([1024, 1024, 952])
  })

  test('that says it is long is refused before it comes', async () => {
    let ended = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield archive(header(cidOf(hello.cid)), Uint8Array.from(varint(2 ** 27)))
        for (;;) yield zeros(1000)
      } finally {
        ended = true
      }
    }
    await expect(importCar(endless(), memoryBlockStore())).rejects.toThrow(coded('CAR_TOO_LARGE'))
    expect(ended).toBe(true)
  })

  test('of any bytes ends with a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expect(importing(bytes)).rejects.toMatchObject({ name: 'ContentStoreError' })
        await expect(importing(archive(header(cidOf(hello.cid)), bytes))).rejects.toMatchObject({ name: 'ContentStoreError' })
      }),
      { numRuns: 300 },
    )
  })
})

describe('the fixtures of ipld/codec-fixtures', () => {
  const file = readFileSync(new URL('../vectors/ipld_codec-fixtures.car', import.meta.url))
  const blocks = CarBufferReader.fromBytes(file)
    .blocks()
    .filter(({ cid }) => cid.code === 0x71)
    .map(({ cid, bytes }) => ({ cid: parseContentId(cid.toString()), bytes: Uint8Array.from(bytes) }))
  const refused = new Map(fixtures.refused.map(({ cid, has }) => [cid, has]))

  test('all of their dag-cbor blocks are listed, accepted or refused', () => {
    expect(blocks).toHaveLength(128)
    expect([...fixtures.accepted, ...refused.keys()].toSorted()).toEqual(blocks.map(({ cid }) => cid).toSorted())
  })

  test('those that are accepted have the CIDs stated, and we write them as they are', () => {
    for (const { cid, bytes } of blocks.filter(({ cid }) => fixtures.accepted.includes(cid))) {
      expect(blockOf(bytes, 'dag-cbor').cid).toBe(cid)
      expect(encodeCbor(decodeCbor(bytes))).toEqual(bytes)
      expect(() => linksOf(cid, bytes)).not.toThrow()
      expect(foreign(decodeDagCbor(bytes))).toEqual([])
    }
  })

  test('those that are refused have a float, a map, or a link to what we could not hash, as listed', () => {
    for (const { cid, bytes } of blocks.filter(({ cid }) => refused.has(cid))) {
      expect(() => linksOf(cid, bytes)).toThrow(coded('BLOCK_MALFORMED'))
      expect(foreign(decodeDagCbor(bytes))).toEqual(refused.get(cid))
    }
  })

  test('the archive itself has no root and blocks of other codecs', async () => {
    await expect(importing(Uint8Array.from(file))).rejects.toThrow(coded('CAR_UNSUPPORTED'))
  })
})

/** What of a value no block of ours holds, sorted. */
function foreign(value: unknown): string[] {
  const found = new Set<string>()
  const visit = (item: unknown): void => {
    if (typeof item === 'number' && !Number.isInteger(item)) found.add('float')
    else if (Array.isArray(item)) item.forEach(visit)
    else if (typeof item === 'object' && item !== null && !(item instanceof Uint8Array)) {
      const cid = CID.asCID(item)
      if (cid === null) {
        found.add('map')
        Object.values(item).forEach(visit)
      } else if (!(cid.version === 1 && [0x55, 0x71].includes(cid.code) && cid.multihash.code === 0x12)) found.add('foreign link')
    }
  }
  visit(value)
  return [...found].toSorted()
}
