import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { withChain } from '../src/chain-peer.js'
import { interpeer } from './interpeer.js'

/** What happens when somebody looks how far the chain is, which is up to now. */
let onLook = () => {}
const close = vi.fn(async () => {})
vi.mock('@interpeer/peer/node', async (original) => ({
  ...(await original<object>()),
  openPeer: async () => ({
    chain: () => {
      onLook()
      return { height: 7, timeMs: Date.now(), state: { registry: new Map() } }
    },
    close,
  }),
}))

const data = mkdtempSync(join(tmpdir(), 'interpeer-chain-peer-'))
const genesis = join(data, 'genesis.json')
const follow = (work: () => string) => withChain({ data, genesis, bootstrap: [], host: '127.0.0.1' }, work)
beforeAll(async () => {
  const founder = (await interpeer(['key', 'create', '--data', data])).stdout.trim()
  expect((await interpeer(['network', 'create', '--peer', founder, '--out', genesis])).stderr).toBe('')
})
beforeEach(() => close.mockClear())
afterAll(() => rmSync(data, { recursive: true }))

test('Ctrl-C ends a command also where the chain is up already', async () => {
  const work = vi.fn(() => 'done')
  onLook = () => void process.emit('SIGINT')
  await expect(follow(work)).rejects.toThrow('stopped at block 7')
  expect(work).not.toHaveBeenCalled()
  expect(close).toHaveBeenCalledOnce()
})

test('nothing listens for Ctrl-C once the chain is up, or could not be looked at', async () => {
  const before = process.listenerCount('SIGINT')
  const listening = () => process.listenerCount('SIGINT') - before
  const seen: number[] = []
  onLook = () => void seen.push(listening())
  expect(await follow(() => String(listening()))).toBe('0')
  expect(seen[0]).toBe(1)
  onLook = () => {
    throw new Error('the disk is gone')
  }
  await expect(follow(() => 'done')).rejects.toThrow('the disk is gone')
  expect([listening(), close.mock.calls.length]).toEqual([0, 2])
})
