import { createMapCache, type MapCache } from '@interpeer/content-store'
import { CryptoError, type NetworkId, type PeerId } from '@interpeer/crypto-ids'
import { assertConserved, beginLedger, LedgerError } from '@interpeer/intercoin-ledger'
import { advanceJobs, type Job, SchedulerError } from '@interpeer/job-scheduler'
import { createVerification, PeerGroupError } from '@interpeer/peer-group'
import {
  type Application,
  type Applied,
  type BlockInfo,
  ChainError,
  foldedReviews,
  isCheckpoint,
  isMature,
  NO_REVIEWS,
  registryOf,
  type Verdict,
  withIntervals,
  withNoShows,
  withSeats,
  withVotes,
} from '@interpeer/vote-chain'
import { WireError } from '@interpeer/wire-codec'
import { carryOut, recoveryOf } from './carry-out.js'
import { carryOutHeld } from './close-epoch.js'
import { closedEpochsAfter } from './closed-epochs.js'
import { dataMapsAfter, dataMapsOf, hashesOf } from './data-maps.js'
import { openDisputeParts } from './dispute-parts.js'
import { NetworkError } from './errors.js'
import { throwHostFault } from './host-fault.js'
import { advanceAccusations, openAccusations } from './judge-accusations.js'
import { advanceDisputes, openDisputes } from './judge-disputes.js'
import { momentOf } from './lottery.js'
import { mayPayOf } from './may-pay.js'
import type { NetworkState } from './network-state.js'
import { endStuck, endWaiting, payOut, rewardCertifiers } from './pay.js'
import { priceOf } from './price-of.js'
import { seatChanges } from './seat-changes.js'
import { settled } from './settle.js'
import { networkSnapshots } from './snapshot.js'
import { kindOfTransaction } from './transactions.js'

/** Memory for nodes of the maps that were read lately; what does not fit is hashed again. */
const MAP_CACHE_BYTES = 32 * 1024 * 1024

/** The state that a chain agrees on, and how blocks change it: ledger, registry, jobs and settings together. */
export function networkApplication(network: NetworkId): Application<NetworkState> {
  const tools = { verification: createVerification(network), cache: createMapCache(MAP_CACHE_BYTES) }
  return {
    begin: ({ settings, peers, balances, startMs }) => {
      const entries = {
        settings,
        ledger: assertConserved(beginLedger(balances)),
        registry: registryOf(peers, settings),
        reviews: NO_REVIEWS,
        jobs: new Map(),
        changes: new Map(),
        disputes: new Map(),
        accusations: new Map(),
        disputeParts: new Map(),
        closedEpochs: new Map(),
      }
      return {
        network,
        activeCyclesMin: settings.activeCycles,
        height: 0,
        timeMs: startMs,
        ...entries,
        maps: dataMapsOf(entries, tools.cache),
      }
    },
    apply: (state, transactions, info) => apply(state, transactions, info, tools),
    dataSets: ({ maps }) => hashesOf(maps),
    electorate: electorsOf,
    rules: ({ settings }) => settings,
    check: (state, transaction) => check(state, transaction, tools),
    snapshots: networkSnapshots(network, tools.verification),
    priceOf,
  }
}
/**
 * Who may vote: mature peers whose key has not ended, with an outcome, a vote or a sign of presence in the last `activeCycles`; sorted by key. Ids of keys are all as long, in digits
 * that are sorted as text is, so their order is that of the keys; to decode a hundred thousand of them would take most of a second in each block.
 */
const electorsOf = ({ registry, settings, height }: NetworkState): readonly PeerId[] =>
  [...registry.values()]
    .filter((entry) => {
      const isKeyed = entry.standing === 'joined' || entry.standing === 'joining'
      return isKeyed && isMature(entry, height, settings) && height - entry.activeHeight <= settings.activeCycles
    })
    .map(({ peer }) => peer)
    .sort((a, b) => (a < b ? -1 : 1))

type Verification = ReturnType<typeof createVerification>
/** Memories that change no answer. */
interface Tools {
  readonly verification: Verification
  readonly cache: MapCache
}

function apply(
  before: NetworkState,
  transactions: readonly Uint8Array[],
  info: BlockInfo,
  { verification, cache }: Tools,
): Applied<NetworkState> {
  const refused: { index: number; code: string }[] = []
  const first = settled(before, info)
  const { settings } = first
  const [ledger, registry] = [rewardCertifiers(first, info.certifiers), withVotes(first.registry, info.certifiers, info.height, settings)]
  let state: NetworkState = { ...first, height: info.height, timeMs: info.timeMs, ledger, registry }
  const moment = momentOf(before, info, { cache, settings, mayPay: (job) => mayPayOf(state, job) })
  transactions.forEach((transaction, index) => {
    try {
      state = carryOut(state, transaction, { moment, verification })
    } catch (error) {
      refused.push({ index, code: codeOf(error) })
    }
  })
  const judged = advanceAccusations(before, advanceDisputes(before, state, moment, verification), moment)
  state = endWaiting(carryOutHeld(judged, { moment, verification }), info.timeMs)
  const recover = (job: Job, shows: readonly Uint8Array[]) => {
    const recovery = recoveryOf(state, job, shows, verification)
    if (recovery?.closes) state = { ...state, ledger: payOut(state, job, recovery.payments) }
    return recovery
  }
  const advanced = advanceJobs(state.jobs, recover, moment)
  const { state: left, away } = endStuck({ ...state, jobs: advanced.jobs })
  const closedEpochs = closedEpochsAfter(before, left)
  const open = {
    closedEpochs,
    disputes: openDisputes(state.disputes, left.jobs),
    disputeParts: openDisputeParts({ ...state, jobs: left.jobs }),
    accusations: openAccusations({ ...state, jobs: left.jobs, closedEpochs }),
  }
  const marked = registryAfter(before, state, { jobs: left.jobs, away: [...advanced.away, ...away] })
  const after = folded({ ...left, ...open, registry: marked })
  return { state: { ...after, maps: dataMapsAfter(before.maps, before, after, cache) }, refused }
}

/** A checkpoint keeps the values of ratings, and no reviews (§6.6). */
function folded(state: NetworkState): NetworkState {
  if (!isCheckpoint(state.height, state.settings) || state.reviews.size === 0) return state
  return { ...state, registry: foldedReviews(state.registry, state.reviews), reviews: NO_REVIEWS }
}

/** What the end of a block does to the registry: no-shows of recoveries, seats that changed hands, intervals that are over. */
function registryAfter(
  before: NetworkState,
  { registry, settings, height }: NetworkState,
  { jobs, away }: ReturnType<typeof advanceJobs>,
): NetworkState['registry'] {
  const marked = withNoShows(registry, away, height, settings)
  return withIntervals(withSeats(marked, seatChanges(before.jobs, jobs)), height, settings)
}

/**
 * Refusals after which a state that takes the transaction can still come, so that a pool keeps it for a while: a receipt that is early
 * by a clock, a member's show before its recovery, a transfer after another. Of an unknown job nothing is kept: whoever runs a job
 * learned of it from a block, and offers again.
 */
const MAY_CHANGE: readonly string[] = [
  'EPOCH_TOO_EARLY',
  'LEDGER_FUNDS',
  'SHOW_NOT_WANTED',
  'SHOW_PART_EARLY',
  'DISPUTE_OPEN',
  'DISPUTE_PART_EARLY',
  'ACCUSATION_OPEN',
]
const mayChange = (error: unknown): boolean =>
  error instanceof LedgerError && error.failure.code === 'LEDGER_NONCE'
    ? error.failure.given > error.failure.expected && error.failure.given - error.failure.expected <= NONCES_AHEAD_MAX
    : MAY_CHANGE.includes(codeOf(error))
/** Transfers of one account that wait for others of it. */
const NONCES_AHEAD_MAX = 256

/** Tries the transaction on the state of the last block: what could never be carried out does not wait in a pool. */
function check(state: NetworkState, transaction: Uint8Array, { verification, cache }: Tools): Verdict {
  if (kindOfTransaction(transaction) === undefined) return 'TRANSACTION_UNKNOWN'
  const info = { height: state.height + 1, timeMs: state.timeMs, seed: new Uint8Array(32) }
  try {
    carryOut(state, transaction, { moment: momentOf(state, info, { cache }), verification })
    return undefined
  } catch (error) {
    const code = codeOf(error)
    return mayChange(error) ? { later: code } : code
  }
}

/**
 * A transaction is bytes from outside: whatever is wrong with it, it is refused, by every peer alike. A fault of this host is thrown on:
 * the step that it happened in then changes nothing here and is taken again.
 */
function codeOf(error: unknown): string {
  throwHostFault(error)
  const known = [CryptoError, WireError, LedgerError, SchedulerError, PeerGroupError, ChainError, NetworkError] as const
  const coded = known.find((kind) => error instanceof kind)
  return coded === undefined ? 'TRANSACTION_FAULT' : (error as InstanceType<typeof coded>).code
}
