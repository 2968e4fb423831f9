import { type AccountId, accountOfJob, accountOfPeer, type JobId, type PeerId } from '@interpeer/crypto-ids'
import { balanceOf, COMMONS, escrowOf, supplyOf } from '@interpeer/intercoin-ledger'
import { type Job, type SeatStatus, seatsOf, sortedJobs } from '@interpeer/job-scheduler'
import { disputeMessage, type Judgment } from '@interpeer/peer-group'
import {
  type ChangeRequest,
  type ChangeTally,
  type PeerEntry,
  passes,
  ratingPerMille,
  type SettingName,
  tallyOf,
} from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import type { AccusationCase } from './accusations.js'
import type { NetworkState } from './network-state.js'

export interface PeerStatus extends Omit<PeerEntry, 'recovery' | 'seats'> {
  readonly account: AccountId
  /** Units, as decimal text: JSON has no 64-bit integers. */
  readonly balance: string
  /** Names of the jobs that it has a seat in. */
  readonly seats: readonly string[]
  /** In thousandths: §6.6 of the white paper. */
  readonly ratings: { readonly connection: number; readonly agreement: number }
}
export interface JobStatus {
  readonly job: JobId
  readonly name: string
  readonly state: 'waiting' | 'running' | 'ended'
  readonly uploader: PeerId
  readonly epoch: number
  readonly openedMs: number
  readonly writesMayBeLost: boolean
  readonly seats: readonly SeatStatus[]
  readonly next: { readonly seat: number; readonly leaver: PeerId; readonly joiner: PeerId; readonly atMs: number } | null
  readonly recovering: { readonly sinceMs: number; readonly shown: readonly PeerId[] } | null
  /** The last dispute of this epoch that the chain recorded, open or decided. */
  readonly dispute: DisputeStatus | null
  /** What members of this epoch, or of the one before, accuse each other of, as long as the chain knows it; the newest first. */
  readonly accusations: readonly AccusationStatus[]
  readonly last: { readonly epoch: number; readonly certificate: string; readonly state: string; readonly atMs: number } | null
  readonly escrow: string
  readonly tenureMs: number
}
export interface DisputeStatus {
  /** Hexadecimal. */
  readonly id: string
  readonly step: number
  readonly recordedHeight: number
  /** Null: the next block draws it. Empty: there are too few peers outside the group. */
  readonly jury: readonly PeerId[] | null
  /** Jurors whose verdict a block has. */
  readonly heard: readonly PeerId[]
  /** When it is decided at the latest; 0: no jury is drawn yet. */
  readonly deadlineMs: number
  readonly outcome: 'open' | Judgment['outcome']
  /** Members that the jury marked. */
  readonly marked: readonly PeerId[]
}
export interface AccusationStatus
  extends Pick<AccusationCase, 'id' | 'epoch' | 'accuser' | 'accused' | 'kind' | 'jury' | 'deadlineMs' | 'outcome'> {
  /** Jurors whose verdict a block has. */
  readonly heard: readonly PeerId[]
  /** Who is to leave its seat for it. */
  readonly leave: readonly PeerId[]
}
/** A change request, as people read it. Amounts are decimal text. */
export interface ChangeStatus extends Omit<ChangeRequest, 'votes' | 'patch' | 'tally'> {
  readonly settings: readonly { readonly name: string; readonly from: string; readonly to: string }[]
  readonly moves: readonly { readonly from: AccountId; readonly to: AccountId; readonly amount: string }[]
  readonly ends: readonly PeerId[]
  /** As votes stand now, or stood when it was settled. */
  readonly tally: ChangeTally
  /** Whether it would be applied if it were settled now; of a settled one, whether it was. */
  readonly passes: boolean
}
export interface NetworkStatus {
  readonly network: string
  readonly height: number
  readonly timeMs: number
  readonly cycleMs: number
  readonly settings: Readonly<Record<string, string>>
  readonly changes: readonly ChangeStatus[]
  readonly peers: readonly PeerStatus[]
  readonly jobs: readonly JobStatus[]
  readonly supply: Readonly<Record<'minted' | 'burned' | 'inAccounts' | 'inEscrow' | 'commons', string>>
}

/** Plain data for pages that people read: everything in it can be written as JSON. */
export function networkStatusOf(state: NetworkState, nowMs: number = state.timeMs): NetworkStatus {
  const { network, height, timeMs, settings, ledger, registry } = state
  const entries = sortedJobs(state.jobs)
  const supply = supplyOf(ledger)
  const seatsIn = (peer: PeerId) => entries.filter((job) => job.state === 'running' && job.epoch.members.includes(peer))
  return {
    network,
    height,
    timeMs,
    cycleMs: settings.cycleMs,
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    changes: [...state.changes.values()].map((change) => changeStatus(change, state)),
    peers: [...registry.values()].map(({ recovery: _, ...entry }) => {
      const account = accountOfPeer(entry.peer)
      const seats = seatsIn(entry.peer).map(({ manifest }) => manifest.name)
      const ratings = { connection: ratingPerMille(entry.connection), agreement: ratingPerMille(entry.agreement) }
      return { ...entry, account, balance: String(balanceOf(ledger, account)), seats, ratings }
    }),
    jobs: entries.map((entry): JobStatus => {
      const { job, manifest, epoch, next, recovering, last, timetable } = entry
      return {
        job,
        name: manifest.name,
        state: entry.state,
        uploader: manifest.uploader,
        epoch: epoch.number,
        openedMs: epoch.openedMs,
        writesMayBeLost: epoch.writesMayBeLost,
        seats: entry.state === 'running' ? seatsOf(entry, nowMs) : [],
        next: next === null ? null : { seat: next.seat, leaver: next.leaver, joiner: next.joiner, atMs: next.atMs },
        recovering: recovering === null ? null : { sinceMs: recovering.sinceMs, shown: recovering.shows.map(({ member }) => member) },
        dispute: disputeOfJob(state, entry),
        accusations: accusationsIn(state, job),
        last: last === null ? null : { epoch: last.epoch, certificate: hexOf(last.certificate), state: last.state, atMs: last.atMs },
        escrow: String(escrowOf(ledger, accountOfJob(job)) ?? 0n),
        tenureMs: timetable.tenureMs,
      }
    }),
    supply: {
      minted: String(supply.minted),
      burned: String(supply.burned),
      inAccounts: String(supply.inAccounts),
      inEscrow: String(supply.inEscrow),
      commons: String(balanceOf(ledger, COMMONS)),
    },
  }
}

function disputeOfJob({ disputes }: NetworkState, { job, epoch }: Job): DisputeStatus | null {
  const one = [...disputes.values()].filter((other) => other.job === job && other.epoch === epoch.number).at(-1)
  if (one === undefined) return null
  const { id, jury, recordedHeight, deadlineMs, judgment } = one
  const heard = [...new Set(one.verdicts.map(({ juror }) => juror))]
  const marked = [...new Set((judgment?.marks ?? []).map(({ peer }) => peer))]
  const { step } = disputeMessage.decode(one.dispute)
  return { id, step, recordedHeight, jury, heard, deadlineMs, outcome: judgment?.outcome ?? 'open', marked }
}

function accusationsIn({ accusations }: NetworkState, job: JobId): readonly AccusationStatus[] {
  return [...accusations.values()]
    .filter((one) => one.job === job)
    .sort((a, b) => b.recordedHeight - a.recordedHeight)
    .map(({ id, epoch, accuser, accused, kind, jury, deadlineMs, outcome, leave, verdicts }) => {
      return { id, epoch, accuser, accused, kind, jury, deadlineMs, outcome, leave, heard: verdicts.map(({ juror }) => juror) }
    })
}

function changeStatus({ votes, patch, tally: last, ...rest }: ChangeRequest, { registry, height, settings }: NetworkState): ChangeStatus {
  const tally = last ?? tallyOf({ votes }, registry, height, settings)
  const valueNow = (name: string) => String(settings[name as SettingName])
  return {
    ...rest,
    settings: patch.settings.map(({ name, value }) => ({ name, from: valueNow(name), to: String(value) })),
    moves: patch.moves.map((move) => ({ ...move, amount: String(move.amount) })),
    ends: patch.ends,
    tally,
    passes: rest.outcome === 'open' ? passes(rest, tally, settings) : rest.outcome === 'applied',
  }
}
