import { createHash } from 'node:crypto'
import { createMapCache, editHeldMap, emptyHeldMap, type HeldMap, type MapPut } from '@interpeer/content-store'
import {
  bytesOfContentId,
  contentIdOf,
  createSigner,
  type JobId,
  jobIdOf,
  networkIdOf,
  type PeerId,
  peerIdOfKey,
} from '@interpeer/crypto-ids'
import { drawFirstGroup, type Job, jobOfManifest, jobsEntries, openManifest, signManifest } from '@interpeer/job-scheduler'
import { checkSeatProof, momentOf, type NetworkState, seatProofOf, seatsOfTickets } from '@interpeer/peer'
import { freshPeer, type Header, hashOfHeader, registryEntries, SETTINGS, type Settings } from '@interpeer/vote-chain'
import { type Figure, percentile } from '../figures.ts'
import { manyKeys } from './many-keys.ts'

const [SEATS_IN_GROUP, JOBS, DRAWS] = [5, 20_000, 200]
const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])) as unknown as Settings
const signer = createSigner(new Uint8Array(32).fill(7))
const network = networkIdOf(Uint8Array.of(1))
const hashOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())

/**
 * A peer finds what its 16 tickets won, and an outsider checks one seat of somebody else from a proof and a block's hash, in networks of
 * 1,000 to 1,000,000 peers and 100,000 seats. Every draw is of another seed. Medians; nothing is compared.
 */
export async function measureSeats(say: (line: string) => void, signal: AbortSignal, known: (figure: Figure) => void): Promise<void> {
  const jobs = manyJobs()
  const jobsMap = editHeldMap(emptyHeldMap(), jobsEntries(jobs))
  for (const peers of [1_000, 30_000, 1_000_000]) {
    const startMs = performance.now()
    const world = worldOf(peers, jobs, jobsMap)
    say(`${peers} peers, made in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
    const [own, checked]: [number[], number[]] = [[], []]
    for (let i = 0; i < DRAWS; i++) {
      signal.throwIfAborted()
      own.push(timed(() => void ownSeats(world, i)))
      checked.push(timedCheck(world, i))
    }
    const figure = (id: string, times: readonly number[]): Figure => ({
      ...{ id: `chain/seat-${id}-${peers}`, ours: percentile(times, 50), peer: null, peerName: null, unit: 'ms' },
    })
    known(figure('own', own))
    known(figure('check', checked))
  }
}
function timed(run: () => void): number {
  const startMs = performance.now()
  run()
  return performance.now() - startMs
}

interface World {
  readonly before: NetworkState
  /** Some of them, whose seats are looked for. */
  readonly peers: readonly PeerId[]
  readonly waiting: readonly Job[]
}
const headerAt = (height: number, seed: Uint8Array, more: Partial<Header>): Header => {
  const hash = new Uint8Array(32)
  const sets = { ledger: hash, settings: hash, names: hash, peers: hash, jobs: hash }
  const rest = { leader: hash, proof: new Uint8Array(80), electorate: hash, certificate: hash, body: hash, previous: hash }
  return { height, timeMs: height * 2_000, seed, ...rest, ...sets, ...more }
}

function ownSeats({ before, peers }: World, i: number): number {
  const { lottery } = momentOf(before, { height: 8, timeMs: 16_000, seed: hashOf(`seed ${i}`) })
  return seatsOfTickets(before, lottery, peers[i % peers.length] as PeerId, createMapCache()).length
}
/** Makes the proof of a drawn group's third seat, and times only its check. */
function timedCheck({ before, waiting }: World, i: number): number {
  const first = headerAt(7, hashOf('before'), { peers: before.maps.peers.root.hash, jobs: before.maps.jobs.root.hash })
  const header = headerAt(8, hashOf(`seed ${i}`), { previous: hashOfHeader(first) })
  const entry = waiting[i % waiting.length] as Job
  const drawn = drawFirstGroup(entry, momentOf(before, header))
  const edits = jobsEntries(new Map([[drawn.job, drawn]]))
  const maps = { ...before.maps, jobs: editHeldMap(before.maps.jobs, edits) }
  const at = { header: { ...header, jobs: maps.jobs.root.hash }, state: { ...before, jobs: new Map([[drawn.job, drawn]]), maps } }
  const claim = { job: entry.job, seat: 2, of: 'epoch' as const }
  const proof = seatProofOf({ header: first, state: { ...before, jobs: new Map([[entry.job, entry]]) } }, at, claim)
  const hash = hashOfHeader(at.header)
  let winner: PeerId | undefined
  const spentMs = timed(() => {
    winner = checkSeatProof(hash, claim, proof, settings)
  })
  if (winner !== drawn.epoch.members[2]) throw new Error('another peer than the draw’s')
  return spentMs
}

/** So many peers, all with the same entry of 16 tickets: what a map costs to read does not depend on what is in it. */
function worldOf(count: number, jobs: ReadonlyMap<JobId, Job>, jobsMap: HeldMap): World {
  const keys = manyKeys(count)
  const entryOf = (peer: PeerId) => freshPeer(peer, 0, settings)
  const first = peerIdOfKey(keys[0] as Uint8Array)
  const [sample] = registryEntries(new Map([[first, entryOf(first)]])) as [MapPut]
  const map = editHeldMap(
    emptyHeldMap(),
    keys.map((key) => ({ ...sample, key })),
  )
  const peers = Array.from({ length: DRAWS }, (_, i) => peerIdOfKey(keys[(i * 7919) % count] as Uint8Array))
  const none = emptyHeldMap()
  const maps = { ledger: none, settings: none, names: none, peers: map, jobs: jobsMap }
  // all are alike: a million objects would only take room; whether there are enough for a group at all is counted of a few
  const few = peers.map(entryOf)
  const registry = { get: entryOf, values: () => few.values() } as unknown as NetworkState['registry']
  const before = {
    network,
    activeCyclesMin: settings.activeCycles,
    height: 7,
    timeMs: 14_000,
    settings,
    registry,
    jobs,
    maps,
    changes: new Map(),
    disputes: new Map(),
    accusations: new Map(),
    closedEpochs: new Map(),
    disputeParts: new Map(),
    reviews: new Map(),
    ledger: undefined as never,
  }
  return { before, peers, waiting: [...jobs.values()].slice(0, DRAWS) }
}
/** 20,000 jobs of five seats that wait for their groups. */
function manyJobs(): ReadonlyMap<JobId, Job> {
  const files = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')
  const envelope = signManifest({ name: 'site', seats: SEATS_IN_GROUP, files, runtime: 'php', createdMs: 0 }, signer, network)
  const manifest = openManifest(envelope, network)
  const first = jobOfManifest(envelope)
  const all = new Map<JobId, Job>()
  for (let i = 0; i < JOBS; i++) {
    const job = i === 0 ? first : jobIdOf(contentIdOf(hashOf(`job ${i}`), 'dag-cbor'))
    const times = { startTimeMs: 0, openedMs: 0, openedHeight: 5, sinceMs: Array<number>(SEATS_IN_GROUP).fill(0) }
    const epoch = { number: 1, members: [], seed: bytesOfContentId(job).subarray(4), start: files, certificate: null, rerun: [], ...times }
    const timetable = { startMs: 0, seats: SEATS_IN_GROUP, tenureMs: 80_000 }
    const entry = {
      state: 'waiting' as const,
      manifest,
      manifestEnvelope: envelope,
      timetable,
      next: null,
      recovering: null,
      closing: null,
      last: null,
      paid: 0n,
    }
    all.set(job, { job, ...entry, epoch: { ...epoch, writesMayBeLost: false, jurors: 0, mayPay: 0n } })
  }
  return all
}
