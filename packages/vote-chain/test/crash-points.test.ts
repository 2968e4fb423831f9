import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { type ChainEffect, type ChainStep, decodeBlock, hashOfHeader, openChain, parseGenesis, stepChain } from '../src/index.js'
import { readRecord } from '../src/record.js'
import { genesisJson, signers, type Toy, toy } from './chains.js'

const [alone] = signers(1) as [ReturnType<typeof signers>[number]]
const genesis = parseGenesis(genesisJson([alone], { cycleMs: 1_000, roundMs: 100 }))
type Write = Extract<ChainEffect<Toy>, { type: 'persist' | 'block' }>
const HEIGHTS = 6

/** What a peer has on its disk, and what its chain does with it from a time on. */
function live(
  disk: readonly Write[],
  fromMs: number,
  untilHeight: number,
): { readonly first: ChainStep<Toy>; readonly writes: readonly Write[] } {
  const blocks = disk.flatMap((write) => (write.type === 'block' ? [write.bytes] : []))
  const record = disk.findLast((write) => write.type === 'persist')?.bytes
  const first = openChain({ genesis, application: toy, signer: alone, blocks, record, nowMs: fromMs })
  const writes: Write[] = []
  const note = (effects: readonly ChainEffect<Toy>[]) =>
    writes.push(...effects.filter((one): one is Write => one.type === 'persist' || one.type === 'block'))
  note(first.effects)
  let { state } = first
  for (let nowMs = fromMs; state.tip.height < untilHeight; nowMs += 50) {
    const step = stepChain(state, { type: 'time', nowMs })
    state = step.state
    note(step.effects)
    if (nowMs > fromMs + 60_000) throw new Error(`it stands at ${state.tip.height}`)
  }
  return { first, writes }
}
const hashOf = (write: Write): string => (write.type === 'block' ? hexOf(hashOfHeader(decodeBlock(write.bytes).header)) : '')

test('a crash at any point of writing blocks leaves a chain that opens, at that block or the one before, and goes on with the same one', () => {
  const { writes } = live([], genesis.startMs, HEIGHTS)
  const hashes = writes.filter(({ type }) => type === 'block').map(hashOf)
  expect(hashes).toHaveLength(HEIGHTS)
  expect(writes.length).toBeGreaterThan(3 * HEIGHTS)
  for (let kept = 0; kept <= writes.length; kept++) {
    const disk = writes.slice(0, kept)
    const height = disk.filter(({ type }) => type === 'block').length
    const last = disk.findLast((write) => write.type === 'persist')
    // the record is of the next block, or of the last one
    if (last !== undefined) expect([height, height + 1]).toContain(readRecord(last.bytes).height)
    const { first, writes: after } = live(disk, genesis.startMs + height * 1_000, Math.min(HEIGHTS, height + 1))
    expect(first.state.tip.height).toBe(height)
    expect(hexOf(first.state.tip.hash)).toBe(height === 0 ? hexOf(first.state.tip.hash) : (hashes[height - 1] as string))
    // a block of which anything was signed is the same one again
    const isSigned = last !== undefined && readRecord(last.bytes).height === height + 1
    const next = after.find(({ type }) => type === 'block')
    if (isSigned && height < HEIGHTS) expect(next === undefined ? undefined : hashOf(next)).toBe(hashes[height])
  }
})
