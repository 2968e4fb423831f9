import { accountOfBytes, createSigner, type PeerId } from '@interpeer/crypto-ids'
import {
  type Application,
  checkpointOf,
  electorateOf,
  type Genesis,
  type Header,
  hashOfHeader,
  type MadeCheckpoint,
  parseGenesis,
  SETTINGS,
  type SyncSource,
  type Tip,
} from '@interpeer/vote-chain'
import { type NetworkState, networkApplication } from '../../../packages/peer/src/network/index.js'
import { ACCOUNTS, certificateOf, drawnSigners, hashOf, manyPeers } from './many-voters.ts'

const CYCLE_MS = 60_000
/** Young enough for peers of the genesis to count as active. */
const START_HEIGHT = 200

export const NEWEST_HEIGHT = START_HEIGHT + SETTINGS.checkpointCycles.usual

export function wholeGenesis(): Genesis {
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
  const json = { protocol: 1, settings: { ...settings, cycleMs: CYCLE_MS }, balances: [], seed: '5a'.repeat(32), startMs: 0 }
  return parseGenesis(JSON.stringify({ ...json, peers: [createSigner(hashOf('first')).peerId] }))
}

/** What a source of such a network has: its state as the application makes it, and the last two checkpoints. */
export interface WholeNetwork {
  readonly genesis: Genesis
  readonly source: SyncSource<NetworkState>
  readonly checkpoint: MadeCheckpoint
  readonly someone: PeerId
}
export function wholeNetwork(signal: AbortSignal): WholeNetwork {
  const genesis = wholeGenesis()
  const { rootGroupSize, lookBack } = genesis.settings
  const newest = NEWEST_HEIGHT
  const drawn = [START_HEIGHT, newest].map((height) => ({ height, seed: hashOf(`seed ${height - 1}`) }))
  const voters = drawnSigners(drawn, rootGroupSize, signal)
  const peers = manyPeers([...new Set([...voters.values()].flat().map(({ signer }) => signer.peerId))])
  const balances = Array.from({ length: ACCOUNTS }, (_, i) => ({
    account: accountOfBytes(hashOf(`account ${i}`)),
    amount: BigInt(1_000_000 + i),
  }))
  const application: Application<NetworkState> = networkApplication(genesis.network)
  const state = application.begin({ ...genesis, peers, balances })
  const electorate = electorateOf(peers, rootGroupSize)
  const headers = new Map<number, Header>()
  for (let height = START_HEIGHT - 1; height <= newest; height++) {
    const [before, some] = [headers.get(height - 1), hashOf(`of ${height}`)]
    const rest = { leader: some, proof: new Uint8Array(80), certificate: some, body: some, electorate: electorate.map.root.hash }
    const linked = { previous: before === undefined ? some : hashOfHeader(before), seed: hashOf(`seed ${height}`) }
    headers.set(height, { height, timeMs: height * CYCLE_MS, ...linked, ...rest, ...application.dataSets(state) })
  }
  const certificates = new Map([...voters].map(([height, found]) => [height, certificateOf(headers.get(height) as Header, found, genesis)]))
  const tipAt = (height: number): Tip<NetworkState> => {
    const [header, before] = [headers.get(height), headers.get(height - 1)] as [Header, Header]
    const { seed, timeMs } = header
    const groups = { group: { height: height + 1, seed, electorate }, groupBefore: { height, seed: before.seed, electorate } }
    const electorates = Array.from({ length: lookBack }, () => electorate)
    const at = { height, hash: hashOfHeader(header), seed, timeMs, certificate: certificates.get(height) ?? null, header, before }
    return { ...at, ...groups, state: { ...state, height, timeMs }, electorates }
  }
  const tips = [tipAt(newest), tipAt(START_HEIGHT)] as const
  const [last, first] = tips.map((tip) => checkpointOf({ application, genesis }, tip)) as [MadeCheckpoint, MadeCheckpoint]
  const source: SyncSource<NetworkState> = {
    tip: tips[0],
    recent: tips,
    checkpoints: [newest, START_HEIGHT],
    checkpoint: (height) => (height === newest ? last.bytes : height === START_HEIGHT ? first.bytes : undefined),
    block: (height) => {
      const header = headers.get(height)
      return header && { header, body: { certifiers: [], transactions: [] }, certificate: certificates.get(height) ?? null }
    },
    mapOf: ({ maps }, set) => maps[set],
  }
  return { genesis, source, checkpoint: first, someone: peers[peers.length / 2] as PeerId }
}
