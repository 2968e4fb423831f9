// A newcomer of `chain/sync`, in a process of its own, with the sources of the packages: `proofs` or `whole`, and what the sources' process said.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkEntry } from '@interpeer/content-store'
import { openDiskStore } from '@interpeer/content-store/node'
import { accountOfPeer, bytesOfAccount, createSigner, keyOfPeerId, type PeerId } from '@interpeer/crypto-ids'
import {
  checkpointReply,
  DATA_SETS,
  type Header,
  hashOfHeader,
  lightFromHeader,
  type NamedCheckpoint,
  proofsReply,
  readCheckpoint,
  SETTINGS,
  type SettingName,
  settingKey,
  wantCheckpoint,
  wantProofs,
} from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import { openOverlay } from '../../../packages/overlay/src/node/index.js'
import { networkApplication } from '../../../packages/peer/src/network/index.js'
import { ChainStore } from '../../../packages/peer/src/node/chain-store.js'
import { agree, checkAfar, headersUntil, syncCheckpoint } from '../../../packages/peer/src/node/chain-sync.js'
import { SyncSources } from '../../../packages/peer/src/node/sync-sources.js'
import { ACCOUNTS, hashOf, PEERS } from './many-voters.ts'
import type { SourcesTold } from './sync-source.ts'
import { NEWEST_HEIGHT, wholeGenesis } from './whole-network.ts'

/** What one start came to. Bytes are of requests and replies, without what the overlay puts around them. */
export interface NewcomerTold {
  readonly ms: number
  readonly cpuMs: number
  readonly bytes: number
  readonly requests: number
  readonly memoryMb: number
  /** When the state was here, and when it was on the disk. */
  readonly fetchedMs?: number
  readonly writtenMs?: number
}

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** The dice fall on the votes that were made: the first of each certificate. */
const below = (): number => 0
const genesis = wholeGenesis()
const counts = { requests: 0, bytes: 0 }

async function open(given: SourcesTold['sources']) {
  const overlay = await openOverlay({ signer: createSigner(hashOf('newcomer')), network: genesis.network, host: '127.0.0.1', port: 0 })
  for (const { peer, port } of given) overlay.setAddress(peer, { host: '127.0.0.1', port })
  const request: typeof overlay.request = async (to, body, options) => {
    const reply = await overlay.request(to, body, options)
    counts.requests++
    counts.bytes += body.length + reply.length
    return reply
  }
  const sources = new SyncSources({ overlay: { request }, peers: given.map(({ peer }) => peer), log: quiet, count: () => {} })
  return { overlay, sources }
}

/** All that a newcomer could do by proofs: both checkpoints, the headers between them, every setting, its own entry and its own account. */
async function byProofs(sources: SyncSources, someone: PeerId): Promise<void> {
  const agreed = await agree({ genesis, sources })
  const checkpointOf = ({ height, block }: NamedCheckpoint): Promise<Header> =>
    sources.first('checkpoint', async (peer) => {
      const { checkpoint } = await sources.ask(peer, wantCheckpoint.encode({ height }), checkpointReply)
      if (checkpoint === null) return undefined
      const { at: header, earlier: before, certificate } = readCheckpoint(checkpoint)
      if (!sameBytes(hashOfHeader(header), block)) throw new Error('another checkpoint than agreed')
      return (await checkAfar({ genesis, sources, below }, peer, { certificate, before, header })) ? header : undefined
    })
  const [start, newest] = [await checkpointOf(agreed.start), await checkpointOf(agreed.newest)]
  const from = lightFromHeader(start, genesis.settings.rootGroupSize)
  await headersUntil({ genesis, sources, below }, from, agreed.newest, (header) => header)
  const names = Object.keys(SETTINGS) as SettingName[]
  const wanted = { settings: names.map(settingKey), peers: [keyOfPeerId(someone)], ledger: [bytesOfAccount(accountOfPeer(someone))] }
  for (const [set, keys] of Object.entries(wanted) as [keyof typeof wanted, Uint8Array[]][]) {
    const request = wantProofs.encode({ height: newest.height, set: DATA_SETS.indexOf(set), keys })
    const { proofs } = await sources.ask(agreed.sources[0] as PeerId, request, proofsReply)
    keys.forEach((key, i) => {
      const { entry } = checkEntry(newest[set], key, proofs[i] as Uint8Array)
      if (entry === undefined && set !== 'ledger') throw new Error(`not shown: ${set}`)
    })
  }
}

/** What `interpeer peer start` does: the whole state fetched, written to its disk, and the chain opened from there. */
async function whole(sources: SyncSources, beganMs: number): Promise<Pick<NewcomerTold, 'fetchedMs' | 'writtenMs'>> {
  const application = networkApplication(genesis.network)
  const nowMs = NEWEST_HEIGHT * genesis.settings.cycleMs
  const found = await syncCheckpoint({ genesis, application, sources, now: () => nowMs, below })
  const fetchedMs = performance.now() - beganMs
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-sync-'))
  try {
    const disk = openDiskStore(join(folder, 'store'))
    const store = new ChainStore(disk.records('chain'), () => {})
    await store.begin(found.height, found.checkpoint)
    const writtenMs = performance.now() - beganMs
    const { state } = store.open({ genesis, application, signer: createSigner(hashOf('newcomer')), nowMs }, quiet).state.tip
    if (state.registry.size !== PEERS || state.ledger.accounts.size < ACCOUNTS) throw new Error('another state')
    await disk.close()
    return { fetchedMs, writtenMs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const [way, words] = process.argv.slice(2)
const { sources: given, someone } = JSON.parse(words ?? '') as SourcesTold
const [cpu, beganMs] = [process.cpuUsage(), performance.now()]
const { overlay, sources } = await open(given)
const times = way === 'whole' ? await whole(sources, beganMs) : await byProofs(sources, someone)
const ms = performance.now() - beganMs
const { user, system } = process.cpuUsage(cpu)
const told: NewcomerTold = { ms, cpuMs: (user + system) / 1000, ...counts, memoryMb: process.memoryUsage.rss() / 1e6, ...times }
process.send?.(told)
await overlay.close()
process.exit(0)
