import { createHash } from 'node:crypto'
import { createMapCache, editHeldMap, emptyHeldMap, type HeldMap, type MapPut } from '@interpeer/content-store'
import {
  accountOfBytes,
  bytesOfAccount,
  createSigner,
  keyOfPeerId,
  type PeerId,
  peerIdOfKey,
  type Signer,
  signMessage,
  vrfOutputOfOwn,
} from '@interpeer/crypto-ids'
import { beginLedger, type Ledger, ledgerEntries } from '@interpeer/intercoin-ledger'
import {
  type Application,
  type Block,
  type Certificate,
  checkpointOf,
  electorateOf,
  freshPeer,
  type Genesis,
  type Header,
  hashOfHeader,
  isDrawn,
  lotInput,
  parseGenesis,
  registryEntries,
  SETTINGS,
  type SyncSource,
  settingsEntries,
  type Tip,
  voteMessage,
} from '@interpeer/vote-chain'
import { compareBytes } from '@interpeer/wire-codec'

export const [ACCOUNTS, PEERS] = [1_000_000, 100_000]
/** Real votes of each certificate: those that are looked at. The others are as large. */
const REAL_VOTES = 64
const CYCLE_MS = 60_000
const FIRST_HEIGHT = 5_000_000
export const hashOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())

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

interface Drawn {
  readonly signer: Signer
  readonly proof: Uint8Array
}
/** Signers that the seeds of these heights draw, of so many electors: by trying keys. */
function drawnSigners(
  heights: readonly { readonly height: number; readonly seed: Uint8Array }[],
  size: number,
  signal: AbortSignal,
): ReadonlyMap<number, readonly Drawn[]> {
  const drawn = new Map(heights.map(({ height }) => [height, [] as Drawn[]]))
  for (let i = 0; [...drawn.values()].some((found) => found.length < REAL_VOTES); i++) {
    signal.throwIfAborted()
    const signer = createSigner(hashOf(`voter ${i}`))
    for (const { height, seed } of heights) {
      const found = drawn.get(height) as Drawn[]
      if (found.length === REAL_VOTES) continue
      const proof = signer.vrfProve(lotInput(seed, height, 0, 'certify', 0))
      const output = vrfOutputOfOwn(proof)
      if (output !== undefined && isDrawn(output, size, PEERS)) found.push({ signer, proof })
    }
  }
  return drawn
}

/** Keys are hashes of numbers that are points of the curve, as keys of real peers are; sorted. */
function manyPeers(real: readonly PeerId[]): readonly PeerId[] {
  const found = [...real]
  for (let i = 0; found.length < PEERS; i++) {
    try {
      found.push(peerIdOfKey(hashOf(`peer ${i}`)))
    } catch {
      // no point of the curve
    }
  }
  const keyed = found.map((peer) => ({ peer, key: keyOfPeerId(peer) }))
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ peer }) => peer)
}

/** A quorum's certificate, or none. The votes that are not looked at have keys, proofs and signatures of the same size. */
function certificateOf(header: Header, drawn: readonly Drawn[], genesis: Genesis): Certificate {
  const block = hashOfHeader(header)
  const certificate = { height: header.height, round: 0, block }
  if (drawn.length === 0) return { ...certificate, votes: [] }
  const quorum = Math.floor((genesis.settings.rootGroupSize * 685) / 1000) + 1
  const [first] = drawn as [Drawn]
  const votes = Array.from({ length: quorum }, (_, i) => {
    const { signer, proof } = drawn[i] ?? first
    const voter = i < drawn.length ? signer.publicKey : hashOf(`vote ${i}`)
    const said = { height: header.height, round: 0, kind: 'certify' as const, attempt: 0, block, voter, proof }
    return signMessage(voteMessage, said, signer, genesis.network)
  })
  return { ...certificate, votes }
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
export const someAccount = (): Uint8Array => bytesOfAccount(accountOfBytes(hashOf('account 4711')))
