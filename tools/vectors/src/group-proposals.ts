import { type Key, sha256 } from './cose.js'
import { batchOf, encode, GROUP, memberKeys, NOW_MS, STRANGER, seedAlpha, sign, vrfOutput, vrfProof } from './group.js'
import { type Fields, linkTo, named } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'
import type { Value } from './value.js'

const keys = memberKeys(4)
const CHAIN_SEED = named('the chain seed')

/** The order in which seats collate a step (docs/protocol/peer-group.md): Fisher-Yates by pairs of bytes of SHA-256 over seed, step and counter. */
export function collatorOrder(chainSeed: string, step: number, count: number): number[] {
  const four = (value: number) => value.toString(16).padStart(8, '0')
  const seats = Array.from({ length: count }, (_, seat) => seat)
  let [digits, counter] = ['', 0]
  const draw = (limit: number): number => {
    for (;;) {
      if (digits.length < 4) digits = sha256(chainSeed + four(step) + four(counter++))
      const value = Number.parseInt(digits.slice(0, 4), 16)
      digits = digits.slice(4)
      if (value < 65_536 - (65_536 % limit)) return value % limit
    }
  }
  for (let i = count - 1; i > 0; i--) {
    const j = draw(i + 1)
    ;[seats[i], seats[j]] = [seats[j] as number, seats[i] as number]
  }
  return seats
}

const PAGE = encode('group-requests', [{ id: '0a'.repeat(16), ms: NOW_MS, response: linkTo('response') }] as never)
const STATE = encode('group-state', { files: linkTo('files'), fresh: false, agenda: null, pages: [`01711220${sha256(PAGE)}`] })
const state = `01711220${sha256(STATE)}`
const order = collatorOrder(CHAIN_SEED, 1, 4)
const collator = keys[order[0] as number] as Key
const other = keys[order[1] as number] as Key
const usual = { from: state }

interface ProposalCase {
  readonly name: string
  /** `ok`: it is sealed; otherwise the code that a member counts. */
  readonly expect: string
  readonly proposal: string
  /** What the batch's VRF proof is of, and the 64 bytes that it gives. */
  readonly alpha?: string
  readonly seed?: string
}

/** What a member that has just begun the epoch says to the first proposal. */
export function proposalVectors() {
  return {
    network: GROUP.network,
    job: GROUP.job,
    epoch: GROUP.epoch,
    members: keys.map(({ publicKey }) => publicKey),
    seeds: keys.map(({ seed }) => seed),
    chainSeed: CHAIN_SEED,
    start: STATE,
    pages: [PAGE],
    startTimeMs: NOW_MS - 10_000,
    nowMs: NOW_MS,
    /** Who is asked: the last in the order of collators. */
    self: keys[order[3] as number]?.seed,
    orders: [1, 2, 3, 7, 32].flatMap((count) =>
      [1, 2, 4_294_967_295].map((step) => ({ expect: 'ok', step, count, order: collatorOrder(CHAIN_SEED, step, count) })),
    ),
    cases: cases(),
  }
}

function cases(): ProposalCase[] {
  const propose = (batch: string, changes: Fields = {}, key: Key = collator) =>
    sign(
      'group-proposal',
      {
        job: GROUP.job,
        epoch: GROUP.epoch,
        step: 1,
        rank: 0,
        from: key.publicKey,
        batch,
        timeouts: [],
        tallies: [],
        unanimous: [],
        ...changes,
      },
      key,
    )
  const withBatch = (name: string, expect: string, changes: Fields, by: Key = collator): ProposalCase => ({
    name,
    expect,
    proposal: propose(batchOf(by, 1, { ...usual, ...changes })),
  })
  const seededBy = (name: string, key: Key, network: string, job: string, epoch: number, step: number) =>
    withBatch(name, 'BATCH_SEED', { proof: vrfProof(key, seedAlpha(network, job, epoch, step)) })
  const proof = vrfProof(collator, seedAlpha(GROUP.network, GROUP.job, GROUP.epoch, 1))
  const request = (n: number, ms = NOW_MS): Value => ({ id: n.toString(16).padStart(2, '0').repeat(16), ms, cid: linkTo(`request ${n}`) })
  return [
    {
      name: 'an empty batch',
      expect: 'ok',
      proposal: propose(batchOf(collator, 1, usual)),
      alpha: seedAlpha(GROUP.network, GROUP.job, GROUP.epoch, 1),
      seed: vrfOutput(collator, seedAlpha(GROUP.network, GROUP.job, GROUP.epoch, 1), proof),
    },
    withBatch('the latest time', 'ok', { timeMs: NOW_MS + 2_000 }),
    withBatch('the earliest time', 'ok', { timeMs: NOW_MS - 2_000 }),
    { name: 'a proposal of another member', expect: 'NOT_THE_COLLATOR', proposal: propose(batchOf(other, 1, usual), {}, other) },
    {
      name: 'a proposal at a rank without time-outs',
      expect: 'PROPOSAL_UNJUSTIFIED',
      proposal: propose(batchOf(other, 1, usual), { rank: 1 }, other),
    },
    {
      name: 'a proposal at the first rank with time-outs',
      expect: 'PROPOSAL_PADDED',
      proposal: propose(batchOf(collator, 1, usual), { timeouts: ['00'] }),
    },
    {
      name: 'a proposal with tallies and no closing batch',
      expect: 'PROPOSAL_PADDED',
      proposal: propose(batchOf(collator, 1, usual), { tallies: ['00'] }),
    },
    { name: 'a proposal of a stranger', expect: 'NOT_A_MEMBER', proposal: propose(batchOf(STRANGER, 1, usual), {}, STRANGER) },
    { name: 'a batch that is none', expect: 'BATCH_MALFORMED', proposal: propose('80') },
    seededBy('a proof for another network', collator, OTHER_NETWORK, GROUP.job, GROUP.epoch, 1),
    seededBy('a proof for another job', collator, GROUP.network, linkTo('another job'), GROUP.epoch, 1),
    seededBy('a proof for another epoch', collator, GROUP.network, GROUP.job, GROUP.epoch + 1, 1),
    seededBy('a proof for another step', collator, GROUP.network, GROUP.job, GROUP.epoch, 2),
    seededBy("another member's proof", other, GROUP.network, GROUP.job, GROUP.epoch, 1),
    withBatch('a proof with a bit turned', 'BATCH_SEED', { proof: `${proof.slice(0, 158)}${proof.endsWith('00') ? '01' : '00'}` }),
    withBatch('a proof of zeros', 'BATCH_SEED', { proof: '00'.repeat(80) }),
    withBatch("a batch with another's name and proof", 'BATCH_OTHER_COLLATOR', {}, other),
    withBatch('a batch of another job', 'BATCH_OTHER_PLACE', { job: linkTo('another job') }),
    withBatch('a batch of another epoch', 'BATCH_OTHER_PLACE', {
      epoch: 4,
      proof: vrfProof(collator, seedAlpha(GROUP.network, GROUP.job, 4, 1)),
    }),
    withBatch('a batch of another step', 'BATCH_OTHER_PLACE', {
      step: 2,
      proof: vrfProof(collator, seedAlpha(GROUP.network, GROUP.job, GROUP.epoch, 2)),
    }),
    withBatch('a batch after another batch', 'BATCH_OTHER_PAST', { ancestors: [named('a batch')] }),
    withBatch('a batch on another state', 'BATCH_OTHER_PAST', { from: linkTo('another state') }),
    withBatch('too late a time', 'BATCH_TIME', { timeMs: NOW_MS + 2_001 }),
    withBatch('too early a time', 'BATCH_TIME', { timeMs: NOW_MS - 2_001 }),
    withBatch('a request twice', 'BATCH_REPEATS', { requests: [request(1), request(1)] }),
    withBatch('a request that has run already', 'BATCH_REPEATS', { requests: [request(10)] }),
    withBatch('too old a request', 'BATCH_REQUEST_TIME', { requests: [request(1, NOW_MS - 600_001)] }),
    withBatch('too new a request', 'BATCH_REQUEST_TIME', { requests: [request(1, NOW_MS + 60_001)] }),
    withBatch('a batch that names itself final', 'BATCH_FINAL', { final: 1 }),
    withBatch('a batch that names a step disputed that nothing is signed against', 'BATCH_DISPUTED', { disputed: 1 }),
    withBatch('a batch with a dissent that is none', 'BATCH_DISSENT', { disputed: 1, dissents: [{ step: 1, envelope: '80' }] }),
    withBatch('a closing batch before its time', 'BATCH_CLOSING', { closing: true }),
    withBatch('other coins settled than the chain says', 'BATCH_FUNDS', { settled: '1' }),
    withBatch('more to pay than the chain allows', 'BATCH_FUNDS', { mayPay: '1' }),
    withBatch('payments in a batch that does not close', 'BATCH_PAYMENTS', { payments: [{ account: named('an account'), amount: '1' }] }),
    withBatch('outcomes in a batch that does not close', 'BATCH_OUTCOMES', {
      outcomes: [{ agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }],
    }),
  ]
}
