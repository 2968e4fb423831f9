// node tools/bench/group/member.ts CONFIG     One peer of a network, with a runtime that does almost nothing. Says {"ready":…}; then each line on stdin
// is answered by one line: what its process has used so far. It ends with stdin.
import { createInterface } from 'node:readline'
import { createSigner } from '@interpeer/crypto-ids'
import { openPeer } from '@interpeer/peer/node'
import { bytesOfHex } from '@interpeer/wire-codec'
import type { MemberConfig, Used } from './local-group.ts'
import { TrivialRuntime } from './trivial-runtime.ts'

const { seed, ...config } = JSON.parse(process.argv[2] ?? '') as MemberConfig
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (...words: unknown[]) => console.error(...words) }
const peer = await openPeer({ ...config, signer: createSigner(bytesOfHex(seed)), runtime: new TrivialRuntime(), log })
peer.failed.catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
console.log(JSON.stringify({ ready: peer.address }))
for await (const _ of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage()
  const used: Used = { cpuUs: user + system, steps: peer.hosted()[0]?.step ?? 0, counters: peer.counters() }
  console.log(JSON.stringify(used))
}
await peer.close()
