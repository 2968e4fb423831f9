// One whole member in a process of its own, until its input ends. Says what memory it took when asked.
import { createInterface } from 'node:readline'
import { createSigner } from '@interpeer/crypto-ids'
import { openPeer } from '@interpeer/peer/node'
import { SETTINGS } from '@interpeer/vote-chain'

const bridge = new URL('../../../packages/php-runtime-bridge/dist/node/index.js', import.meta.url)
const { startPhpRuntime } = await import(bridge.href)
const [data, account] = process.argv.slice(2)
const signer = createSigner(new Uint8Array(32).fill(1))
const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, setting.usual]))
const genesis = JSON.stringify({
  protocol: 1,
  settings: { ...usual, cycleMs: 1_000, tenureMs: 600_000, roundMs: 300 },
  peers: [signer.peerId],
  balances: [{ account, amount: '1000000000000' }],
  seed: 'a5'.repeat(32),
  startMs: Date.now(),
})
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
const memory = () => ({
  rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  mostMiB: Math.round(process.resourceUsage().maxRSS / 1024),
})
const log = {
  debug() {},
  info() {},
  warn() {},
  error: (about, sentence) => process.stderr.write(`${sentence} ${about?.err?.stack ?? ''}\n`),
}
const runtime = await startPhpRuntime({ workers: 1, guardMs: 60_000 })
const peer = await openPeer({ data, signer, genesis, host: '127.0.0.1', port: 0, bootstrap: [], runtime, log })
say({ peer: peer.peerId, ...peer.address, genesis, runtimeId: runtime.runtimeId })
for await (const _ of createInterface({ input: process.stdin })) say(memory())
await peer.close()
await runtime.close()
