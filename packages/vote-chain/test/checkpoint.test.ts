import { type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import { decodeWith, encodeWith } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { withCheapLottery } from '../simulations/cheap-lottery.js'
import { electorateStands } from '../src/checkpoint.js'
import { checkpointSchema } from '../src/checkpoint-record.js'
import { type Application, decodeBlock, openChain } from '../src/index.js'
import { Chains, signers, type Toy, toy } from './chains.js'

/** A chain that some left, with a checkpoint every five heights. */
function grown(heights = 12, settings = {}) {
  const chains = new Chains({ seed: 3, electors: 7, settings: { checkpointCycles: 5, lookBack: 3, ...settings } })
  chains.submit(0, Uint8Array.of(9, 2))
  const runTo = (height: number) => {
    chains.world.run({ done: () => chains.heights().every((reached) => reached >= height) })
  }
  runTo(8)
  chains.submit(0, Uint8Array.of(9, 1))
  runTo(heights)
  return chains
}
const optionsOf = (chains: Chains, application: Application<Toy> = toy) => {
  const { genesis, verification } = chains
  return { genesis, application, signer: withCheapLottery(signers(9)[8] as never), record: undefined, verification, nowMs: 2_000_000 }
}
const nodeOf = (chains: Chains) => chains.nodes[0] as (typeof chains.nodes)[number]
const given = (made: { readonly bytes: Uint8Array; readonly parts: ReadonlyMap<string, Uint8Array> }) => {
  return { bytes: made.bytes, get: (cid: ContentId) => made.parts.get(cid) }
}

test('from a checkpoint and the blocks after it a chain opens to the same tip as from all blocks', () => {
  const chains = grown()
  const { blocks, checkpoint } = nodeOf(chains)
  const at = checkpoint as NonNullable<typeof checkpoint>
  expect(at.height).toBe(10)
  const all = openChain({ ...optionsOf(chains), blocks })
  const later = openChain({ ...optionsOf(chains), blocks: blocks.slice(at.height), checkpoint: given(at) })
  expect(all.state.tip.height).toBeGreaterThanOrEqual(12)
  expect(later.state.tip).toEqual(all.state.tip)
  expect(later.state.tip.electorates.map(({ electors }) => electors.length)).toEqual([5, 5, 5])
})

test('electorates that votes on later heights go by stand in later headers', () => {
  const chains = grown(14)
  const { blocks, checkpoint } = nodeOf(chains)
  const at = checkpoint as NonNullable<typeof checkpoint>
  const { tip } = openChain({ ...optionsOf(chains), blocks: [], checkpoint: given(at) }).state
  const later = blocks.slice(at.height - 1).map((block) => decodeBlock(block).header)
  for (const header of later) expect(electorateStands(tip, header, 3)).toBe(true)
  const others = {
    ...tip,
    electorates: tip.electorates.with(2, openChain({ ...optionsOf(chains), blocks: [] }).state.tip.group.electorate),
  }
  expect(later.map((header) => electorateStands(others, header, 3))).toContain(false)
})

test('a checkpoint whose state, electorate or header is another is refused', () => {
  const chains = grown()
  const at = nodeOf(chains).checkpoint as NonNullable<ReturnType<typeof nodeOf>['checkpoint']>
  const fields = decodeWith(checkpointSchema, at.bytes)
  const refusal = (changed: Partial<typeof fields>, get = (cid: ContentId) => at.parts.get(cid)) => {
    const bytes = encodeWith(checkpointSchema, { ...fields, ...changed })
    try {
      openChain({ ...optionsOf(chains), blocks: [], checkpoint: { bytes, get } })
      return 'ok'
    } catch (error) {
      return (error as { readonly failure: { readonly code: string; readonly reason: string } }).failure
    }
  }
  const wrong = (reason: string) => ({ code: 'CHECKPOINT_WRONG', reason })
  expect(refusal({})).toBe('ok')
  expect(refusal({ before: fields.header })).toEqual(wrong('header'))
  const turnovers = fields.electorates
  expect(refusal({ electorates: turnovers.slice(1) })).toEqual(wrong('electorate'))
  const key = signers(1)[0]?.publicKey as Uint8Array
  expect(refusal({ electorates: turnovers.map((one) => ({ ...one, left: key })) })).toEqual(wrong('electorate'))
  expect(refusal({}, () => undefined)).toEqual(wrong('state'))
  const other = new TextEncoder().encode(JSON.stringify({ electors: [], digest: '00', seen: [], paid: 1 }))
  expect(refusal({}, () => other)).toEqual(wrong('state'))
  expect(contentIdOf(other, 'raw')).not.toBe([...at.parts.keys()][0])
})

test('a chain whose application writes no snapshots has no checkpoints, and opens from its blocks', () => {
  const chains = grown()
  const { snapshots: _, ...plain } = toy
  const at = nodeOf(chains).checkpoint as NonNullable<ReturnType<typeof nodeOf>['checkpoint']>
  expect(() => openChain({ ...optionsOf(chains, plain), blocks: [], checkpoint: given(at) })).toThrow('CHECKPOINT_WRONG')
  expect(openChain({ ...optionsOf(chains, plain), blocks: nodeOf(chains).blocks }).state.tip.height).toBeGreaterThan(10)
})
