import {
  accountOfBytes,
  accountOfJob,
  accountOfPeer,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  openMessage,
  type PeerId,
  peerIdOfKey,
} from '@interpeer/crypto-ids'
import { openEscrow, openTransfer, taxOf, transfer } from '@interpeer/intercoin-ledger'
import {
  addShow,
  addShowPart,
  closeMessage,
  type Job,
  openPublish,
  openShowPart,
  publishJob,
  type Recovery,
  SchedulerError,
  SHOW_BYTES_MAX,
  withJob,
} from '@interpeer/job-scheduler'
import {
  firstStateBlock,
  openingOf,
  type Payment,
  PeerGroupError,
  readBatch,
  recoverFrom,
  showMessage,
  sumOfPayments,
  type Verification,
} from '@interpeer/peer-group'
import { openPresent, transactionBytesMax, withPresence } from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import { expelledFrom, recordAccusation, recordAccusationVerdict } from './accusations.js'
import { close, contextOf, disputesOf, isInTheWay, losersIn } from './close-epoch.js'
import { recordDisputePart } from './dispute-parts.js'
import { isDisputed, judgedCasesOf, recordDispute, recordVerdict } from './disputes.js'
import { NetworkError } from './errors.js'
import { throwHostFault } from './host-fault.js'
import type { NetworkState } from './network-state.js'
import { epochPrice, payeeOf } from './pay.js'
import { carryOutOrder } from './registry-orders.js'
import type { Setting } from './setting.js'
import { carryOutChange } from './settle.js'
import { kindOfTransaction } from './transactions.js'

/** Carries out one transaction. What it throws is why the transaction is refused; then nothing has changed. */
export function carryOut(state: NetworkState, transaction: Uint8Array, setting: Setting): NetworkState {
  const kind = kindOfTransaction(transaction)
  switch (kind) {
    case 'publish':
      return publish(state, transaction, setting)
    case 'transfer': {
      const { from, to, amount, nonce } = openTransfer(transaction, state.network)
      if (isEnded(state, peerIdOfKey(from))) throw new NetworkError({ code: 'ACCOUNT_ENDED' })
      const order = { from: accountOfBytes(from), to: payeeOf(state, accountOfBytes(to)), amount, nonce }
      const { transferTaxPerMille, newAccountMin } = state.settings
      return { ...state, ledger: transfer(state.ledger, { ...order, tax: taxOf(amount, transferTaxPerMille), newAccountMin }) }
    }
    case 'close': {
      const { job, certificate, batch } = closeMessage.decode(transaction)
      return close(state, jobOf(state, jobIdOf(contentIdOfBytes(job))), certificate, batch, setting)
    }
    case 'show':
      return show(state, transaction, setting)
    case 'show-part':
      return showPart(state, transaction, setting)
    case 'present': {
      const { peer, awaySinceHeight } = openPresent(transaction, state.network)
      const id = peerIdOfKey(peer)
      const entry = state.registry.get(id)
      const isSilent = entry?.awaySinceHeight === null && 2 * (setting.moment.height - entry.activeHeight) > state.settings.activeCycles
      const known = isSilent ? entry.activeHeight : entry?.awaySinceHeight
      if (known !== awaySinceHeight) throw new NetworkError({ code: 'NOT_AWAY' })
      return { ...state, registry: withPresence(state.registry, id, setting.moment.height) }
    }
    case 'change':
    case 'vote':
      return carryOutChange(state, kind, transaction, setting.moment.height)
    case 'dispute':
      return recordDispute(state, transaction, { height: setting.moment.height, verification: setting.verification })
    case 'dispute-part':
      return recordDisputePart(state, transaction, { height: setting.moment.height, verification: setting.verification })
    case 'verdict':
      return recordVerdict(state, transaction, setting.moment)
    case 'accusation':
      return recordAccusation(state, transaction, setting.moment)
    case 'accusation-verdict':
      return recordAccusationVerdict(state, transaction, setting.moment)
    case undefined:
      throw new NetworkError({ code: 'TRANSACTION_UNKNOWN' })
    default:
      return carryOutOrder(state, kind, transaction, { height: setting.moment.height, verification: setting.verification })
  }
}

/** A key whose account is no more its own: it may not pay. */
function isEnded({ registry }: NetworkState, peer: PeerId): boolean {
  const standing = registry.get(peer)?.standing
  return standing === 'terminated' || standing === 'rotated'
}

function publish(state: NetworkState, transaction: Uint8Array, { moment }: Setting): NetworkState {
  const { job, manifest, envelope, escrow } = openPublish(transaction, state.network)
  if (isEnded(state, manifest.uploader)) throw new NetworkError({ code: 'ACCOUNT_ENDED' })
  const { publishFee, transferTaxPerMille } = state.settings
  // A fee no smaller than the tax: otherwise jobs would be untaxed transfers (design §8).
  const tax = taxOf(escrow, transferTaxPerMille)
  // biome-ignore lint/complexity/useMathMinMax: bigints
  const fee = publishFee > tax ? publishFee : tax
  const jobs = publishJob(state.jobs, { job, manifest, envelope, start: firstStateBlock(manifest.files, true).cid }, moment)
  const needed = epochPrice(jobs.get(job) as Job, state)
  if (escrow < needed) throw new NetworkError({ code: 'ESCROW_SMALL', needed: String(needed) })
  const order = { from: accountOfPeer(manifest.uploader), job: accountOfJob(job), amount: escrow, fee }
  return { ...state, jobs, ledger: openEscrow(state.ledger, order) }
}

/** Keeps a part of a show; with the last one, the show is carried out as if it had come in one piece. */
function showPart(state: NetworkState, transaction: Uint8Array, setting: Setting): NetworkState {
  const part = openShowPart(transaction, state.network)
  const { timeMs } = setting.moment
  const entry = jobOf(state, jobIdOf(contentIdOfBytes(part.job)))
  const { job, member, whole } = addShowPart(entry, part, { timeMs, blockBytesMax: state.settings.blockBytesMax })
  const held = { ...state, jobs: withJob(state.jobs, job) }
  if (whole === undefined) return held
  const shown = openMessage(showMessage, whole, state.network, ({ from }) => peerIdOfKey(from))
  if (peerIdOfKey(shown.from) !== member || !sameBytes(shown.job, part.job)) throw new SchedulerError({ code: 'SHOW_PART_WRONG' })
  return show(held, whole, setting, SHOW_BYTES_MAX)
}

function show(
  state: NetworkState,
  envelope: Uint8Array,
  { moment, verification }: Setting,
  most = Math.min(SHOW_BYTES_MAX, transactionBytesMax(state.settings.blockBytesMax)),
): NetworkState {
  if (envelope.length > most) throw new NetworkError({ code: 'SHOW_TOO_LARGE', bytes: envelope.length })
  const shown = openMessage(showMessage, envelope, state.network, ({ from }) => peerIdOfKey(from))
  const entry = jobOf(state, jobIdOf(contentIdOfBytes(shown.job)))
  const added = addShow(entry, { epoch: shown.epoch, member: peerIdOfKey(shown.from), show: envelope, atMs: moment.timeMs })
  // Each alone, so that one false show can't spoil those that hold.
  const { closed, last } = recoverFrom([envelope], startedContextOf(state, entry), [], verification)
  const recorded = { ...state, jobs: withJob(state.jobs, added) }
  if (!closed || last === undefined || entry.closing !== null || isInTheWay(state, entry, last.certificate) !== undefined) return recorded
  return close(recorded, added, last.certificate, last.batch, { moment, verification })
}

/** What an old group's shows come to, for job-scheduler. */
export function recoveryOf(
  state: NetworkState,
  entry: Job,
  shows: readonly Uint8Array[],
  verification: Verification,
): (Recovery & { readonly payments: readonly Payment[] }) | undefined {
  const { epoch } = entry
  try {
    if (isDisputed(state.disputes, entry.job, epoch.number)) return undefined // it waits for the verdict
    const judged = judgedCasesOf(state.disputes, entry.job, epoch.number)
    if (entry.closing !== null && judged.length === 0) return undefined // that opens the next epoch, unless a jury undoes a step
    const recovery = recoverFrom(shows, startedContextOf(state, entry), [], verification)
    const seenBy = (one: Uint8Array) => openMessage(showMessage, one, state.network, ({ from }) => peerIdOfKey(from)).seen
    // who has not seen it could not object to it yet: colluders may have certified it just now
    const contested = epoch.jurors >= epoch.members.length && shows.some((one) => seenBy(one) < (recovery.last?.step ?? 0))
    const judgment = judged.at(-1)?.judgment
    const from = openingOf(recovery, epoch, judgment)
    // also by a verdict that let something stand, whatever opens the next epoch
    const sentAway = losersIn(disputesOf(state, entry))
    const expelled = [...sentAway, ...(entry.recovering?.leave ?? []), ...expelledFrom(state.accusations, entry.job, epoch.number)]
    const leave = epoch.members.filter((peer) => !from.members.includes(peer) || expelled.includes(peer))
    // without a next epoch it can't close as its certificate would: the one that is drawn goes on from that state, and owes what it owes
    const closing = judgment === undefined && entry.next !== null ? recovery.closing : undefined
    const payments = closing === undefined ? [] : readBatch(closing.batch).value.payments
    const paid = sumOfPayments(payments)
    if (paid > 0n && entry.paid + paid > epoch.mayPay) return undefined // q members sealed what none of them may
    const opens = { state: from.state, timeMs: from.timeMs, rerun: from.rerun, closes: closing !== undefined, paid, payments }
    return { ...opens, leave, contested, judged: judgment !== undefined }
  } catch (error) {
    throwHostFault(error)
    if (error instanceof PeerGroupError) return undefined
    throw error
  }
}

const startedContextOf = (state: NetworkState, entry: Job) => ({ ...contextOf(state, entry), start: entry.epoch.start })

function jobOf(state: NetworkState, job: JobId): Job {
  const entry = state.jobs.get(job)
  if (entry === undefined) throw new SchedulerError({ code: 'JOB_UNKNOWN', job })
  return entry
}
