import {
  auditBlocks,
  auditDigests,
  type Block,
  blockOf,
  blocksReply,
  buildTree,
  checkAt,
  checkEntry,
  contentBusy,
  contentClaim,
  editMap,
  emptyMap,
  type GetBlock,
  judgeAudit,
  linksOf,
  listTree,
  openAudit,
  openClaim,
  proveAt,
  proveEntry,
  readEntry,
  readFile,
  readRange,
  readTree,
  ServingCore,
  wantBlocks,
} from '@interpeer/content-store'
import { importCar } from '@interpeer/content-store/car'
import { bytesOfContentId, contentIdOf } from '@interpeer/crypto-ids'
import { readReply } from '../../../packages/content-store/src/exchange/read-reply.js'
import { decodeMapBlock, encodeMapBlock, mapBlock } from '../../../packages/content-store/src/map/map-block.js'
import { mapProof } from '../../../packages/content-store/src/map/map-proof.js'
import { segmentsOf } from '../../../packages/content-store/src/paths.js'
import { readAges, writeAges } from '../../../packages/content-store/src/references/ages.js'
import { assertSymlink } from '../../../packages/content-store/src/symlinks.js'
import { decoded, sealBlock, treeBlock } from '../../../packages/content-store/src/tree-blocks.js'
import { assertSame, Broken, bytesOfText, type Target, textOf } from '../src/target.ts'
import { messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const STORE = ['ContentStoreError']
const NOW_MS = 1_700_000_000_000
const cidOf = (bytes: Uint8Array) => contentIdOf(bytes, 'dag-cbor')
/** One block, whatever is asked for: a hostile disk, or a peer whose hashes nobody checked yet. */
const only =
  (bytes: Uint8Array): GetBlock =>
  () =>
    bytes

const tree = buildTree([
  { path: 'index.php', mode: 0o644, mtimeS: 1, bytes: bytesOfText('<?php') },
  { path: 'data/large', mode: 0o600, mtimeS: 2, bytes: new Uint8Array(70_000) },
  { path: 'data/empty', mode: 0o600, mtimeS: 2, bytes: new Uint8Array() },
])
const map = (() => {
  const edits = Array.from({ length: 40 }, (_, i) => ({
    type: 'put' as const,
    key: bytesOfText(`key ${i}`),
    value: new Uint8Array(i * 3),
    sum: BigInt(i),
  }))
  const edited = editMap(() => undefined, emptyMap(), edits)
  if ('missing' in edited) throw new Error('a new map lacks blocks')
  const blocks = new Map(edited.blocks.map(({ cid, bytes }) => [cid, bytes]))
  return { ...edited, get: ((cid) => blocks.get(cid)) as GetBlock }
})()
const audit = openAudit(signerNamed(1).peerId, tree.blocks.slice(0, 2), new Uint8Array(32))
/** CARv1: a header with the first block's id as its root, then each block, all with their lengths before them. */
function carOf(blocks: readonly Block[]): Uint8Array {
  const root = bytesOfContentId(blocks[0]?.cid ?? cidOf(Uint8Array.of(0x80)))
  const header = Buffer.concat([Buffer.from('a265726f6f747381d82a582500', 'hex'), root, Buffer.from('6776657273696f6e01', 'hex')])
  const sections = [header, ...blocks.map(({ cid, bytes }) => Buffer.concat([bytesOfContentId(cid), bytes]))]
  return new Uint8Array(Buffer.concat(sections.flatMap((section) => [varint(section.length), section])))
}
const varint = (length: number): Uint8Array =>
  length < 128 ? Uint8Array.of(length) : Uint8Array.of((length & 127) | 128, ...varint(length >> 7))
const blocksOf = (blocks: readonly Block[]) => blocks.map(({ bytes }) => bytes)
const treeSeeds = () => [...blocksOf(tree.blocks), ...samplesOf(treeBlock)]
const proofOf = (proven: { readonly proof: Uint8Array } | object): Uint8Array[] => ('proof' in proven ? [proven.proof as Uint8Array] : [])

export const contentStore: readonly Target[] = [
  messageTarget('content-store', wantBlocks),
  messageTarget('content-store', blocksReply),
  messageTarget('content-store', contentBusy),
  messageTarget('content-store', auditBlocks),
  messageTarget('content-store', auditDigests),
  messageTarget('content-store', contentClaim),
  {
    name: 'content-store/serve',
    file: 'packages/content-store/src/exchange/serving-core.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const core = new ServingCore()
      core.step({ type: 'want', ticket: 1, from: signerNamed(1).peerId, request: input }, 0)
      core.step({ type: 'turn' }, 1)
    },
    seeds: () => samplesOf(wantBlocks.schema),
  },
  {
    name: 'content-store/reply',
    file: 'packages/content-store/src/exchange/read-reply.ts',
    errors: [],
    run: (input) => {
      const asked = [cidOf(input), cidOf(Uint8Array.of(0x80)), cidOf(Uint8Array.of(0x81, 0))]
      const read = readReply(asked, input)
      if (read.type === 'answers' && read.blocks.some(({ cid, bytes }) => cidOf(bytes) !== cid)) throw new Broken('a block that is another')
    },
    seeds: () => [
      ...samplesOf(blocksReply.schema),
      ...samplesOf(contentBusy.schema),
      blocksReply.encode({ blocks: [null, Uint8Array.of(0x80), Uint8Array.of(0x81, 0)] }),
    ],
  },
  {
    name: 'content-store/audit',
    file: 'packages/content-store/src/audits/audit.ts',
    errors: [],
    run: (input) => void judgeAudit(audit, input, 1),
    seeds: () => [
      auditDigests.encode({ digests: [...audit.digests] }),
      auditDigests.encode({ digests: [null] }),
      ...samplesOf(auditDigests.schema),
    ],
  },
  {
    name: 'content-store/car',
    file: 'packages/content-store/src/car/import-car.ts',
    errors: STORE,
    run: async (input) => {
      const inParts = (async function* () {
        yield input.subarray(0, 10)
        yield input.subarray(10)
      })()
      await importCar(inParts, { put: async () => undefined })
    },
    seeds: () => [carOf(tree.blocks.slice(0, 2)), carOf([])],
  },
  {
    name: 'content-store/ages',
    file: 'packages/content-store/src/references/ages.ts',
    errors: ['WireError'],
    run: (input) => void readAges(input, NOW_MS),
    seeds: () => [writeAges(new Map([[cidOf(Uint8Array.of(1)), 5]]))],
  },
  {
    name: 'content-store/symlink',
    file: 'packages/content-store/src/symlinks.ts',
    errors: STORE,
    run: (input) => {
      const [path = '', target = ''] = textOf(input).split('\n')
      assertSymlink({ path, target })
    },
    seeds: () => ['a/link\n../b/c', 'link\nb', 'a\n/etc/passwd', 'a/b\n../../c'].map(bytesOfText),
  },
  {
    name: 'content-store/claim-signed',
    file: 'packages/content-store/src/references/claim.ts',
    errors: ['ContentStoreError', 'CryptoError', 'WireError'],
    run: (input) => void openClaim(signedBytes(contentClaim, input, signerNamed(1)), network, NOW_MS),
    seeds: () => samplesOf(contentClaim.schema),
  },
  {
    name: 'content-store/tree-block',
    file: 'packages/content-store/src/tree-blocks.ts',
    errors: STORE,
    run: (input) => assertSame(sealBlock(decoded(cidOf(input), input)).bytes, input, 'it is read, and written otherwise'),
    seeds: treeSeeds,
  },
  {
    name: 'content-store/tree',
    file: 'packages/content-store/src/directory-blocks.ts',
    errors: STORE,
    run: (input) => {
      const limits = { maxEntries: 200, maxBytes: 100_000 }
      listTree((cid) => (cid === cidOf(input) ? input : undefined), cidOf(input), limits)
      readFile(only(input), cidOf(input), 'a/b', limits)
      readTree(only(input), cidOf(input), limits)
    },
    seeds: treeSeeds,
  },
  {
    name: 'content-store/links',
    file: 'packages/content-store/src/walk.ts',
    errors: STORE,
    maxMiB: 32, // 65,536 items of 240 bytes each, and what else is left behind
    run: (input) => void linksOf(cidOf(input), input),
    seeds: treeSeeds,
  },
  {
    name: 'content-store/map-block',
    file: 'packages/content-store/src/map/map-block.ts',
    errors: STORE,
    run: (input) => assertSame(encodeMapBlock(decodeMapBlock(cidOf(input), input)).bytes, input, 'it is read, and written otherwise'),
    seeds: () => [...blocksOf(map.blocks), ...samplesOf(mapBlock)],
  },
  {
    name: 'content-store/map',
    file: 'packages/content-store/src/map/map-source.ts',
    errors: STORE,
    run: (input) => {
      const root = { hash: decodeMapBlock(cidOf(input), input).hash, block: cidOf(input) }
      readEntry(only(input), root, bytesOfText('key 7'))
      readRange(only(input), root)
    },
    seeds: () => blocksOf(map.blocks),
  },
  {
    name: 'content-store/map-proof',
    file: 'packages/content-store/src/map/map-proof.ts',
    errors: STORE,
    run: (input) => void checkEntry(map.root.hash, bytesOfText('key 7'), input),
    seeds: () => {
      const { get, root } = map
      return ['key 7', 'key 70', ''].flatMap((key) => proofOf(proveEntry(get, root, bytesOfText(key)))).concat(samplesOf(mapProof))
    },
  },
  {
    name: 'content-store/map-proof-at',
    file: 'packages/content-store/src/map/check-proof.ts',
    errors: STORE,
    run: (input) => void checkAt(map.root.hash, 100n, input),
    seeds: () => {
      const { get, root } = map
      return [...proofOf(proveAt(get, root, 100n)), ...samplesOf(mapProof)]
    },
  },
  {
    name: 'content-store/path',
    file: 'packages/content-store/src/paths.ts',
    errors: STORE,
    run: (input) => void segmentsOf(textOf(input)),
    seeds: () => [bytesOfText('data/wiki.sqlite'), bytesOfText('../a')],
  },
  {
    name: 'content-store/block',
    file: 'packages/content-store/src/blocks.ts',
    errors: STORE,
    run: (input) => void blockOf(input, 'raw'),
  },
]
