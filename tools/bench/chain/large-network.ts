import { createMapCache, editHeldMap, emptyHeldMap, type HeldMap, type MapPut } from '@interpeer/content-store'
import { accountOfBytes, bytesOfAccount, createSigner, type PeerId } from '@interpeer/crypto-ids'
import { beginLedger, type Ledger, ledgerEntries } from '@interpeer/intercoin-ledger'
import {
  type Application,
  type Block,
  checkpointOf,
  electorateOf,
  freshPeer,
  type Genesis,
  type Header,
  hashOfHeader,
  parseGenesis,
  registryEntries,
  SETTINGS,
  type SyncSource,
  settingsEntries,
  type Tip,
} from '@interpeer/vote-chain'
import { ACCOUNTS, certificateOf, drawnSigners, hashOf, manyPeers, PEERS } from './many-voters.ts'

const CYCLE_MS = 60_000
const FIRST_HEIGHT = 5_000_000

/** The last two checkpoints of a network with a million accounts and a hundred thousand peers, all of them electors, and a block a minute. */
export interface LargeNetwork {
  readonly genesis: Genesis
  readonly source: SyncSource<Sets>
  /** Places of the votes that hold in each certificate: the dice fall on them. */
  readonly real: ReadonlyMap<number, readonly number[]>
  readonly start: Header
  readonly newest: Header
  readonly someone: PeerId
  /** What all parts of the state come to. */
  readonly stateBytes: number
}
export type Sets = Readonly<Record<'ledger' | 'settings' | 'names' | 'peers' | 'jobs', HeldMap>>

export function largeNetwork(say: (line: string) => void, signal: AbortSignal): LargeNetwork {
  say(`a network of ${ACCOUNTS} accounts and ${PEERS} peers`)
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
  const rootGroupSize = SETTINGS.rootGroupSize.max
  const json = { protocol: 1, settings: { ...settings, rootGroupSize, cycleMs: CYCLE_MS } }
  const first = createSigner(hashOf('first'))
  const genesis = parseGenesis(JSON.stringify({ ...json, peers: [first.peerId], balances: [], seed: '5a'.repeat(32), startMs: 0 }))
  const seeds = [FIRST_HEIGHT, FIRST_HEIGHT + genesis.settings.checkpointCycles].map((height) => ({
    height,
    seed: hashOf(`seed ${height - 1}`),
  }))
  const voters = drawnSigners(seeds, rootGroupSize, signal)
  const electors = manyPeers([...new Set([...voters.values()].flat().map(({ signer }) => signer.peerId))])
  const electorate = electorateOf(electors, rootGroupSize)
  const maps = mapsOf(genesis, electors, signal)
  const sets = Object.fromEntries(Object.entries(maps).map(([name, { root }]) => [name, root.hash])) as Pick<Header, keyof Sets>
  const headers: Header[] = []
  const last = seeds[1]?.height as number
  for (let height = FIRST_HEIGHT - 1; height <= last; height++) {
    const previous = headers.at(-1)
    const hash = hashOf(`of ${height}`)
    const rest = { leader: first.publicKey, proof: new Uint8Array(80), certificate: hash, body: hash, electorate: electorate.map.root.hash }
    const linked = { previous: previous === undefined ? hash : hashOfHeader(previous), seed: hashOf(`seed ${height}`) }
    headers.push({ height, timeMs: height * CYCLE_MS, ...linked, ...rest, ...sets })
  }
  const real = new Map<number, readonly number[]>()
  const blocks = new Map<number, Block>()
  for (const header of headers) {
    const drawn = voters.get(header.height) ?? []
    const certificate = certificateOf(header, drawn, genesis)
    if (drawn.length > 0) real.set(header.height, [...drawn.keys()])
    blocks.set(header.height, { header, body: { certifiers: [], transactions: [] }, certificate })
  }
  const tipAt = (height: number): Tip<Sets> => {
    const [{ header, certificate }, { header: before }] = [blocks.get(height), blocks.get(height - 1)] as [Block, Block]
    const group = { height: height + 1, seed: header.seed, electorate }
    const at = { height, hash: hashOfHeader(header), seed: header.seed, timeMs: header.timeMs, certificate, header, before }
    const electorates = Array.from({ length: genesis.settings.lookBack }, () => electorate)
    return { ...at, state: maps, group, groupBefore: { height, seed: before.seed, electorate }, electorates }
  }
  const tips = [tipAt(last), tipAt(FIRST_HEIGHT)] as const
  // as large as the network's own: five links
  const snapshots = { of: () => ({ head: new Uint8Array(210), parts: new Map() }), reading: () => ({ next: () => ({ missing: [] }) }) }
  const application = { snapshots, electorate: () => electors } as unknown as Application<Sets>
  const written = new Map(tips.map((tip) => [tip.height, checkpointOf({ application, genesis }, tip)?.bytes]))
  const source: SyncSource<Sets> = {
    tip: tips[0],
    recent: tips,
    checkpoints: [last, FIRST_HEIGHT],
    checkpoint: (height) => written.get(height),
    block: (height) => blocks.get(height),
    mapOf: (state, set) => state[set],
  }
  let stateBytes = 0
  for (const { blocks: held } of Object.values(maps)) for (const bytes of held.values()) stateBytes += bytes.length
  const someone = electors[PEERS / 2] as PeerId
  return { genesis, source, real, start: tips[1].header as Header, newest: tips[0].header as Header, someone, stateBytes }
}

function mapsOf(genesis: Genesis, electors: readonly PeerId[], signal: AbortSignal): Sets {
  const cache = createMapCache(256 * 1024 * 1024)
  const made = (count: number, entries: (from: number, to: number) => readonly MapPut[]): HeldMap => {
    let map = emptyHeldMap()
    for (let from = 0; from < count; from += 50_000) {
      signal.throwIfAborted()
      map = editHeldMap(map, entries(from, Math.min(count, from + 50_000)), cache)
    }
    return map
  }
  const accountAt = (i: number) => accountOfBytes(hashOf(`account ${i}`))
  const ledgerOf = (from: number, to: number): Ledger =>
    beginLedger(Array.from({ length: to - from }, (_, i) => ({ account: accountAt(from + i), amount: BigInt(1_000_000 + from + i) })))
  const ledger = made(ACCOUNTS, (from, to) => ledgerEntries(ledgerOf(from, to)).filter(({ key }) => key.length === 32))
  const peers = made(PEERS, (from, to) =>
    registryEntries(new Map(electors.slice(from, to).map((peer) => [peer, freshPeer(peer, 0, genesis.settings)]))),
  )
  const settings = made(1, () => settingsEntries(genesis.settings))
  return { ledger, settings, names: emptyHeldMap(), peers, jobs: emptyHeldMap() }
}
/** An account that there is. */
export const someAccount = (): Uint8Array => bytesOfAccount(accountOfBytes(hashOf('account 471')))
