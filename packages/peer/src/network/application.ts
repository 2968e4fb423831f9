import { CryptoError, type NetworkId, sealOf } from '@interpeer/crypto-ids'
import { assertConserved, beginLedger, LedgerError, ledgerHash } from '@interpeer/intercoin-ledger'
import { advanceJobs, jobsHash, SchedulerError } from '@interpeer/job-scheduler'
import { createVerification, PeerGroupError } from '@interpeer/peer-group'
import { type Application, type Applied, type BlockInfo, registryHash, registryOf, settingsSchema, withAway } from '@interpeer/vote-chain'
import { WireError } from '@interpeer/wire-codec'
import { carryOut, recoveryOf } from './carry-out.js'
import { NetworkError } from './errors.js'
import { momentOf, type NetworkState } from './network-state.js'
import { rewardCertifiers } from './pay.js'
import { kindOfTransaction } from './transactions.js'

/** The state that a chain agrees on, and how blocks change it: ledger, registry, jobs and settings together. */
export function networkApplication(network: NetworkId): Application<NetworkState> {
  const verification = createVerification(network)
  return {
    begin: ({ settings, peers, balances, startMs }) => ({
      network,
      height: 0,
      timeMs: startMs,
      settings,
      ledger: assertConserved(beginLedger(balances)),
      registry: registryOf(peers, 0),
      jobs: new Map(),
    }),
    apply: (state, transactions, info) => apply(state, transactions, info, verification),
    dataSets: ({ ledger, settings, registry, jobs }) => ({
      ledger: ledgerHash(ledger),
      settings: sealOf('settings', [settingsSchema.write(settings, 'settings')]),
      names: sealOf('names', [[]]), // no names yet: an issue of its own
      peers: registryHash(registry),
      jobs: jobsHash(jobs),
    }),
    check: (state, transaction) => check(state, transaction, verification),
  }
}
type Verification = ReturnType<typeof createVerification>

function apply(
  before: NetworkState,
  transactions: readonly Uint8Array[],
  info: BlockInfo,
  verification: Verification,
): Applied<NetworkState> {
  const refused: { index: number; code: string }[] = []
  let state: NetworkState = { ...before, height: info.height, timeMs: info.timeMs, ledger: rewardCertifiers(before, info.certifiers) }
  transactions.forEach((transaction, index) => {
    try {
      state = carryOut(state, transaction, { moment: momentOf(state, info), verification })
    } catch (error) {
      refused.push({ index, code: codeOf(error) })
    }
  })
  const advanced = advanceJobs(state.jobs, (job, shows) => recoveryOf(state, job, shows, verification), momentOf(state, info))
  const registry = advanced.away.reduce((all, peer) => withAway(all, peer, info.height), state.registry)
  assertConserved(state.ledger)
  return { state: { ...state, jobs: advanced.jobs, registry }, refused }
}

/**
 * Refusals of a transaction until a state that takes it can still come: a receipt that is early by a clock, a transfer after another.
 * A pool keeps these for a while.
 */
const MAY_CHANGE: readonly string[] = ['EPOCH_TOO_EARLY', 'LEDGER_NONCE', 'LEDGER_FUNDS', 'SHOW_NOT_WANTED', 'JOB_UNKNOWN']

/** Tries the transaction on the state of the last block: what could never be carried out does not wait in a pool. */
function check(state: NetworkState, transaction: Uint8Array, verification: Verification): string | undefined {
  if (kindOfTransaction(transaction) === undefined) return 'TRANSACTION_UNKNOWN'
  const info = { height: state.height + 1, timeMs: state.timeMs, seed: new Uint8Array(32), certifiers: [] }
  try {
    carryOut(state, transaction, { moment: momentOf(state, info as never), verification })
    return undefined
  } catch (error) {
    const code = codeOf(error)
    return MAY_CHANGE.includes(code) ? undefined : code
  }
}

/** A transaction is bytes from outside: whatever goes wrong with one, it is refused and the process goes on. */
function codeOf(error: unknown): string {
  const known = [CryptoError, WireError, LedgerError, SchedulerError, PeerGroupError, NetworkError] as const
  const coded = known.find((kind) => error instanceof kind)
  return coded === undefined ? 'TRANSACTION_FAULT' : (error as InstanceType<typeof coded>).code
}
