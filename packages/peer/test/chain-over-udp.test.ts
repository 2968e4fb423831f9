import { memoryStore } from '@interpeer/content-store'
import { createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { openOverlay } from '@interpeer/overlay/node'
import { CHAIN_MESSAGE_NUMBERS, parseGenesis, SETTINGS } from '@interpeer/vote-chain'
import { afterEach, expect, test } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { networkApplication } from '../src/network/index.js'
import { ChainShell } from '../src/node/chain-shell.js'
import { ChainStore } from '../src/node/chain-store.js'

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** One more than tell each other directly. */
const ELECTORS = 18
const HEIGHT = 2
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

test('eighteen electors over UDP gossip: all have the same blocks, and no one talks to all the others', async () => {
  const signers = Array.from({ length: ELECTORS }, (_, i) => createSigner(sha256(Uint8Array.of(31, i))))
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, one]) => [name, one.usual]))
  const settings = { ...usual, cycleMs: 1_000, roundMs: 2_500 } // a round takes a quarter of that, and on a busy machine more
  const json = {
    protocol: 1,
    settings,
    peers: signers.map(({ peerId }) => peerId),
    balances: [],
    seed: '5a'.repeat(32),
    startMs: Date.now(),
  }
  const genesis = parseGenesis(JSON.stringify(json))
  const { network } = genesis
  const overlays = await Promise.all(
    signers.map(async (signer) => {
      const overlay = await openOverlay({ signer, network, host: '127.0.0.1', port: 0 })
      undo.push(() => overlay.close())
      return overlay
    }),
  )
  overlays.forEach((overlay, i) => {
    signers.forEach(({ peerId }, k) => {
      if (k !== i) overlay.setAddress(peerId, (overlays[k] as (typeof overlays)[number]).address)
    })
  })
  const counts = new Map<string, number>()
  const count = (code: string): void => void counts.set(code, (counts.get(code) ?? 0) + 1)
  const failed: unknown[] = []
  const talkedTo = signers.map(() => new Set<PeerId>())
  const hashes = signers.map(() => new Map<number, string>())
  const shells = signers.map((signer, i) => {
    const overlay = overlays[i] as (typeof overlays)[number]
    const send: typeof overlay.send = (to, message) => {
      if (shell.tip.height < HEIGHT) talkedTo[i]?.add(to) // neighbours change in the long run
      overlay.send(to, message)
    }
    const shell: ChainShell<ReturnType<ReturnType<typeof networkApplication>['begin']>> = new ChainShell({
      genesis,
      application: networkApplication(network),
      signer,
      overlay: new Proxy(overlay, { get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)) }),
      onFault: () => {},
      store: new ChainStore(memoryStore().records('chain'), count),
      now: () => Date.now(),
      onBlock: () => void hashes[i]?.set(shell.tip.height, Buffer.from(shell.tip.hash).toString('hex')),
      count,
      log,
      fail: (error) => void failed.push(error),
    })
    undo.push(() => shell.stop())
    overlay.onMessage((from, message) => {
      if (CHAIN_MESSAGE_NUMBERS.includes(numberOf(message) ?? 0)) shell.onMessage(from, message)
    })
    return shell
  })
  await expect
    .poll(() => Math.min(...shells.map(({ tip }) => tip.height)), { timeout: 280_000, interval: 200 })
    .toBeGreaterThanOrEqual(HEIGHT)
  expect(failed).toEqual([])
  expect(counts.get('GOSSIP_WRONG')).toBeUndefined()
  const [first] = hashes as [Map<number, string>]
  for (const one of hashes) for (const [height, hash] of one) expect([height, first.get(height) ?? hash]).toEqual([height, hash])
  const heard = talkedTo.map(({ size }) => size)
  expect(Math.min(...heard)).toBeGreaterThanOrEqual(5)
  expect(heard.reduce((sum, size) => sum + size, 0) / ELECTORS).toBeLessThan(ELECTORS - 1)
})
