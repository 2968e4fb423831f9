import { GENESIS_VALUE } from './chain.js'
import { cidOf, flipped, type Key, type SignedAs } from './cose.js'
import { type Fields, linkTo, makerOf, named } from './maker.js'
import { OTHER, OTHER_NETWORK, SIGNER } from './signed-cases.js'

const HELD = 20_000_000_000
/** What a transfer brings at least to who has no account yet. */
const NEW_ACCOUNT_MIN = 10_000_000
const GENESIS = makerOf('vote-chain', '').encode('genesis', {
  ...GENESIS_VALUE,
  balances: [{ account: SIGNER.publicKey, amount: String(HELD) }],
})
const NETWORK = cidOf(GENESIS)
const [ledger, jobs, groups, chain] = ['intercoin-ledger', 'job-scheduler', 'peer-group', 'vote-chain'].map((folder) =>
  makerOf(folder, NETWORK),
) as [ReturnType<typeof makerOf>, ReturnType<typeof makerOf>, ReturnType<typeof makerOf>, ReturnType<typeof makerOf>]

interface TransactionCase {
  readonly name: string
  readonly expect: string
  /** It may wait: a state that takes it may come. */
  readonly later?: boolean
  readonly transaction: string
}

/** What can stand in a block, tried on the state of the genesis. */
export function transactionVectors() {
  return { genesis: GENESIS, network: NETWORK, seed: SIGNER.seed, otherSeed: OTHER.seed, cases: [...transfers(), ...orders(), ...others()] }
}

function transfers(): TransactionCase[] {
  const sign = (changes: Fields = {}, key: Key = SIGNER, as: Partial<SignedAs> = {}) =>
    ledger.sign('transfer', { from: SIGNER.publicKey, to: OTHER.publicKey, amount: String(NEW_ACCOUNT_MIN), nonce: 0, ...changes }, key, as)
  const saying = (name: string, expect: string, changes: Fields, later?: boolean): TransactionCase => ({
    name,
    expect,
    ...(later === undefined ? {} : { later }),
    transaction: sign(changes),
  })
  const most = String(Math.floor((HELD * 1000) / 1005)) // with 5 per mille of tax on top
  return [
    saying('a transfer', 'ok', {}),
    saying('a transfer of nothing', 'LEDGER_AMOUNT', { amount: '0' }),
    saying('a transfer of less than begins an account', 'LEDGER_ACCOUNT_SMALL', { amount: String(NEW_ACCOUNT_MIN - 1) }),
    saying('a transfer to oneself', 'ok', { to: SIGNER.publicKey, amount: '1' }),
    saying('a transfer of all that can be paid with the tax', 'ok', { amount: most }),
    saying('a transfer of one unit more', 'LEDGER_FUNDS', { amount: String(Number(most) + 1) }, true),
    saying('a transfer of the largest amount', 'LEDGER_AMOUNT', { amount: '18446744073709551615' }),
    saying('the transfer after this', 'LEDGER_NONCE', { nonce: 1 }, true),
    saying('the transfer 256 after this', 'LEDGER_NONCE', { nonce: 256 }, true),
    saying('the transfer 257 after this', 'LEDGER_NONCE', { nonce: 257 }),
    {
      name: 'a transfer from an account that has nothing',
      expect: 'LEDGER_FUNDS',
      later: true,
      transaction: sign({ from: OTHER.publicKey }, OTHER),
    },
    { name: "a transfer from another's account", expect: 'SIGNATURE_WRONG', transaction: sign({}, OTHER) },
    { name: 'a transfer for another network', expect: 'SIGNATURE_WRONG', transaction: sign({}, SIGNER, { network: OTHER_NETWORK }) },
    { name: 'a transfer with a bit of its signature turned', expect: 'SIGNATURE_WRONG', transaction: flipped(sign(), -10) },
  ]
}

function orders(): TransactionCase[] {
  const manifest = (changes: Fields = {}) =>
    jobs.sign(
      'manifest',
      {
        job: null,
        uploader: SIGNER.publicKey,
        account: SIGNER.publicKey,
        name: 'wiki',
        seats: 3,
        tenureMs: 0,
        acknowledge: 'final',
        entry: 'index.php',
        files: linkTo('files'),
        runtime: 'php',
        createdMs: 1_700_000_000_000,
        ...changes,
      },
      SIGNER,
    )
  const order = (name: string, expect: string, changes: Fields = {}, later?: boolean): TransactionCase => ({
    name,
    expect,
    ...(later === undefined ? {} : { later }),
    transaction: jobs.sign('publish-job', { uploader: SIGNER.publicKey, manifest: manifest(), escrow: '10000000000', ...changes }, SIGNER),
  })
  return [
    order('an order', 'ok'),
    order('an order with an escrow of nothing', 'ESCROW_SMALL', { escrow: '0' }),
    order('an order with a greater escrow than is held', 'LEDGER_FUNDS', { escrow: '30000000000' }, true),
    order('an order for more seats than the settings allow', 'JOB_GROUP_SIZE', { manifest: manifest({ seats: 10 }) }),
    order('an order to publish what was made a week and a millisecond ago', 'JOB_CREATED', {
      manifest: manifest({ createdMs: 1_700_000_000_000 - 7 * 86_400_000 - 1 }),
    }),
    order('an order to publish what will be made in two days', 'JOB_CREATED', { manifest: manifest({ createdMs: 1_700_172_800_000 }) }),
    order('an order for no seats', 'MANIFEST_FIELD', { manifest: manifest({ seats: 0 }) }),
  ]
}

function others(): TransactionCase[] {
  const job = linkTo('a job')
  const show: Fields = { job, epoch: 1, from: SIGNER.publicKey, steps: [], bound: null, boundBatch: null, reveal: null, seen: 0 }
  const part: Fields = { job, epoch: 1, from: SIGNER.publicKey, show: named('a show'), size: 100_000, at: 0, bytes: '00' }
  const seal: Fields = { job, epoch: 1, step: 1, rank: 0, batch: named('batch'), from: SIGNER.publicKey, seal: named('seal') }
  return [
    { name: 'a show of an unknown job', expect: 'JOB_UNKNOWN', transaction: groups.sign('group-show', show, SIGNER) },
    { name: 'a show signed by another', expect: 'SIGNATURE_WRONG', transaction: groups.sign('group-show', show, OTHER) },
    { name: 'a part of a show of an unknown job', expect: 'JOB_UNKNOWN', transaction: jobs.sign('show-part', part, SIGNER) },
    { name: 'a part of a show signed by another', expect: 'SIGNATURE_WRONG', transaction: jobs.sign('show-part', part, OTHER) },
    {
      name: 'a close of an unknown job',
      expect: 'JOB_UNKNOWN',
      transaction: jobs.encode('epoch-close', { job, certificate: '', batch: '' }),
    },
    {
      name: 'a close with a byte after the end',
      expect: 'WIRE_MALFORMED',
      transaction: `${jobs.encode('epoch-close', { job, certificate: '', batch: '' })}00`,
    },
    {
      name: 'a peer that is here says so',
      expect: 'NOT_AWAY',
      transaction: chain.sign('peer-present', { peer: SIGNER.publicKey, awaySinceHeight: 1 }, SIGNER),
    },
    { name: 'a seal, which is no transaction', expect: 'TRANSACTION_UNKNOWN', transaction: groups.sign('group-seal', seal, SIGNER) },
    { name: 'no bytes', expect: 'WIRE_MALFORMED', transaction: '' },
  ]
}
