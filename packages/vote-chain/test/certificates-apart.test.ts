import { createSigner, sha256, signMessage } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { type ChainEffect, decodeBlock, hashOfHeader, openChain, stepChain, trustedCycles, withoutCertificate } from '../src/index.js'
import { heightsSince, spareCertificate } from '../src/kept-certificates.js'
import { blocksMessage } from '../src/messages.js'
import { Chains, type Toy, toy } from './chains.js'

const UNTIL = 25
/** A chain on which certificates are needed for nine cycles, three times from one checkpoint to the next: of 18 blocks, where it catches up. */
function grown() {
  const chains = new Chains({ seed: 3, electors: 4, settings: { activeCycles: 8, checkpointCycles: 3 } })
  chains.world.run({ done: () => chains.heights().every((height) => height >= UNTIL) })
  return chains
}
const chains = grown()
const { genesis, verification } = chains
const blocks = (chains.nodes[0] as (typeof chains.nodes)[number]).blocks.slice(0, UNTIL)
const hashes = blocks.map((block) => hashOfHeader(decodeBlock(block).header))
const newcomer = createSigner(sha256(Uint8Array.of(77)))

function begin(proven?: (height: number) => Uint8Array | undefined, own: readonly Uint8Array[] = []) {
  const given = { genesis, verification, application: toy, signer: newcomer, blocks: own, record: undefined }
  let { state } = openChain({ ...given, nowMs: 2_000_000, proven })
  return (taken: readonly Uint8Array[]) => {
    const envelope = signMessage(blocksMessage, { blocks: [...taken], sender: newcomer.publicKey }, newcomer, genesis.network)
    const step = stepChain(state, { type: 'message', from: newcomer.peerId, envelope, nowMs: 2_000_000 })
    state = step.state
    const codes = step.effects.flatMap((effect: ChainEffect<Toy>) => (effect.type === 'count' ? [effect.code] : []))
    return { codes, height: state.tip.height, tip: state.tip }
  }
}

test('certificates of blocks from before which nobody may go on are dropped, but those of checkpoints; a chain opens without them', () => {
  expect(trustedCycles(genesis)).toBe(9)
  const dropped = blocks.flatMap((block, i) => (decodeBlock(block).certificate === null ? [i + 1] : []))
  expect(dropped).toEqual([1, 2, 4, 5, 7].filter((height) => height <= UNTIL - 18))
  const { state } = openChain({ genesis, verification, application: toy, signer: newcomer, blocks, record: undefined, nowMs: 2_000_000 })
  expect(state.tip.hash).toEqual(hashes.at(-1))
  expect(withoutCertificate(blocks[0] as Uint8Array)).toBeUndefined()
})

test('a block without certificate is taken by who was shown its hash, and by nobody else', () => {
  expect(begin()(blocks)).toMatchObject({ codes: ['BLOCK_UNCERTIFIED'], height: 0 })
  const shown = begin((height) => hashes[height - 1])
  expect(shown(blocks)).toMatchObject({ codes: [], height: UNTIL })
  expect(shown(blocks).tip.hash).toEqual(hashes.at(-1))
  // another block at a height that was shown
  expect(begin((height) => hashes[height])(blocks)).toMatchObject({ codes: ['BLOCK_UNCERTIFIED'], height: 0 })
  // of the newest ones nothing was shown: their certificates are there
  expect(begin((height) => (height < 8 ? hashes[height - 1] : undefined))(blocks)).toMatchObject({ codes: [], height: UNTIL })
})

test('who has a tip without certificate makes no block on it', () => {
  const elector = (chains.nodes[0] as (typeof chains.nodes)[number]).signer
  const old = blocks.slice(0, 2)
  const { state } = openChain({
    genesis,
    verification,
    application: toy,
    signer: elector,
    blocks: old,
    record: undefined,
    nowMs: 2_000_000,
  })
  const { effects } = stepChain(state, { type: 'time', nowMs: 2_100_000 })
  expect(state.tip.certificate).toBeNull()
  expect(effects.filter(({ type }) => type === 'persist')).toEqual([])
})

test('who was away for as long as it may finds every certificate, also of a chain that catches up with two blocks in a cycle', () => {
  const stopped = 100
  const newest = stopped + 2 * trustedCycles(genesis)
  const dropped = Array.from({ length: newest }, (_, i) => spareCertificate(genesis, i + 1) ?? 0)
  expect(Math.max(...dropped)).toBeLessThanOrEqual(stopped)
  expect(Math.max(...dropped)).toBeGreaterThan(stopped - genesis.settings.checkpointCycles)
  // and gets to the newest by blocks alone, from so far back and no farther
  const from = (height: number) => begin(undefined, blocks.slice(0, height))(blocks.slice(height))
  expect(from(UNTIL - trustedCycles(genesis) + 1)).toMatchObject({ codes: [], height: UNTIL })
  expect(from(UNTIL - 2 * trustedCycles(genesis))).toMatchObject({ codes: [], height: UNTIL })
  expect(from(UNTIL - 2 * trustedCycles(genesis) - 1)).toMatchObject({ codes: ['BLOCK_UNCERTIFIED'] })
})

test('the most heights that can have come after a block are one for each cycle where the chain was on time, and two at most', () => {
  const { settings, startMs } = genesis
  const since = (height: number, lagCycles: number, cycles: number) => {
    const timeMs = startMs + (height + lagCycles) * settings.cycleMs
    return heightsSince(genesis, { height, timeMs }, timeMs + cycles * settings.cycleMs)
  }
  expect([since(100, 0, 9), since(100, 0, 0), since(100, 0, -1)]).toEqual([9, 0, 0])
  expect([since(100, 3, 9), since(100, 9, 9), since(100, 1_000, 9)]).toEqual([12, 18, 18])
})
