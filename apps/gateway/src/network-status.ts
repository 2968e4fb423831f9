import { createHash } from 'node:crypto'
import { networkStatusOf } from '@interpeer/peer'
import type { Peer } from '@interpeer/peer/node'
import { quorumOf, SETTINGS, type SettingName } from '@interpeer/vote-chain'
import type { ChangeStatus, JobStatus, NetworkStatus } from './pages/index.js'
import type { GatewayOptions } from './server.js'

/** A peer that was not heard of for so long counts as offline. */
const HEARD_WITHIN_MS = 12_000

type Place = Pick<GatewayOptions, 'peer' | 'hostName' | 'port'>
type OnChain = ReturnType<typeof networkStatusOf>

/** The network as this gateway sees it: the chain's data, and what members' replies have shown since. */
export function networkStatus(place: Place): NetworkStatus {
  const { peer } = place
  const { height, timeMs, seed, state } = peer.chain()
  const nowMs = Date.now()
  const counters = peer.counters()
  const chain = networkStatusOf(state, nowMs)
  const peers = [...chain.peers].sort((a, b) => (a.peer < b.peer ? -1 : 1))
  const { minted, burned, inAccounts, inEscrow } = chain.supply
  return {
    network: peer.network,
    nowMs,
    gatewayPeer: peer.peerId,
    height,
    blockTimeMs: height === 0 ? 0 : timeMs,
    cycleMs: state.settings.cycleMs,
    tenureMs: state.settings.tenureMs,
    seedHex: seed,
    rootGroup: { members: peers.map((one) => one.peer), needed: quorumOf(peers.length) },
    peers: peers.map(({ peer: peerId, balance, tickets, jobsDone, seats, ratings, standing, ...peerEntry }) => ({
      peerId,
      online: nowMs - peer.heardMs(peerId) < HEARD_WITHIN_MS,
      balance,
      tickets,
      jobsDone,
      outcomes: outcomesOf(peerEntry),
      seats: seats.length,
      standing,
      ratings,
    })),
    jobs: chain.jobs.filter((job) => job.state === 'running').map((job) => jobStatus(place, job)),
    readChecks: {
      same: counters.READ_SHARED_SAME ?? 0,
      contradicted: counters.READ_SHARED_CONTRADICTED ?? 0,
      abstained: counters.READ_SHARED_ABSTAINED ?? 0,
    },
    supply: { minted, burned, balances: inAccounts, escrows: inEscrow },
    settings: Object.entries(chain.settings).map(([name, value]) => ({ name, value, meaning: SETTINGS[name as SettingName].meaning })),
    changes: chain.changes.map(changeStatus).sort(openFirst),
  }
}

function changeStatus({ settings, moves, ends, ...change }: OnChain['changes'][number]): ChangeStatus {
  const { id, proposer, reason, validHeight, outcome, isProtected, tally, passes } = change
  const items = [
    ...settings.map(({ name, from, to }) => (outcome === 'open' ? `${name}: ${from} to ${to}` : `${name}: ${to}`)),
    ...moves.map(({ from, to, amount }) => `move ${amount} units from ${from} to ${to}`),
    ...ends.map((peer) => `end the account of ${peer}`),
  ]
  return { id, proposer, reason, items, validHeight, outcome, isProtected, tally, passes }
}
const openFirst = (a: ChangeStatus, b: ChangeStatus): number => {
  if ((a.outcome === 'open') !== (b.outcome === 'open')) return a.outcome === 'open' ? -1 : 1
  return a.outcome === 'open' ? a.validHeight - b.validHeight : b.validHeight - a.validHeight
}

function jobStatus({ peer, hostName, port }: Place, job: OnChain['jobs'][number]): JobStatus {
  const observed = peer.observed(job.job)
  const { next } = job
  return {
    jobId: job.job,
    name: job.name,
    url: `http://${job.name}.${hostName}:${port}/`,
    state:
      job.dispute?.outcome === 'open'
        ? 'disputed'
        : job.recovering !== null
          ? 'recovering'
          : observed === undefined
            ? 'starting'
            : 'serving',
    epoch: Math.max(job.epoch, observed?.epoch ?? 0),
    step: observed?.step ?? 0,
    root: observed?.state ?? job.last?.state ?? '',
    escrow: job.escrow,
    members: job.seats.map(({ seat, peer: peerId, sinceMs, untilMs }) => ({ seat, peerId, sinceMs, untilMs })),
    ...(next === null ? {} : { next: { seat: next.seat, peerId: next.joiner, atMs: next.atMs } }),
    ...(job.dispute === null ? {} : { dispute: job.dispute }),
    accusations: job.accusations,
    lastCertificates: observed?.certificates ?? [],
    falseReads: peer
      .contradictions()
      .filter((one) => one.job === job.job)
      .map(({ answerer, accuser, evidence, atMs }) => ({ peerId: answerer, accuser, evidence: hashOf(evidence), timeMs: atMs })),
  }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Looks now and then which state each site's group serves, so that the page moves when nobody visits. */
export function watchSites({ peer }: { readonly peer: Pick<Peer, 'chain' | 'lookAt'> }, everyMs: number): () => void {
  // one look at a time for each site: one that nobody answers for takes longer than the pause between looks
  const looking = new Set<string>()
  const look = async (name: string) => {
    looking.add(name)
    await peer.lookAt(name).catch(() => {})
    looking.delete(name)
  }
  const timer = setInterval(() => {
    for (const { manifest, state } of peer.chain().state.jobs.values())
      if (state === 'running' && !looking.has(manifest.name)) void look(manifest.name)
  }, everyMs)
  return () => clearInterval(timer)
}

type Outcomes = NetworkStatus['peers'][number]['outcomes']
const outcomesOf = ({ agreed, late, absent, contradicted, unresolved }: Outcomes): Outcomes => ({
  agreed,
  late,
  absent,
  contradicted,
  unresolved,
})
