import { BEGIN, blockOn, CYCLE_MS, electors, GENESIS, leadersOf, type Made, NETWORK, START_MS, STRANGER, sign, vote } from './chain.js'
import { flipped, type Key, type SignedAs } from './cose.js'
import { type Fields, named } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'

const NOW_MS = START_MS + CYCLE_MS
const order = leadersOf(electors, BEGIN.seed, 1)
const [leader, b, c, self] = order as [Key, Key, Key, Key]
const block = blockOn(BEGIN, leader, { transactions: ['01'] })
const other = blockOn(BEGIN, leader, { transactions: ['02'] })

interface Said {
  readonly from: string
  readonly envelope: string
}
interface AgreementCase {
  readonly name: string
  /** `ok`, or the code that is counted. */
  readonly expect: string
  readonly messages: readonly Said[]
  /** What this elector signs, in order; and the block that becomes final. */
  readonly signs?: readonly string[]
  readonly final?: string
}

/** What an elector that waits for the first block says to what others send. */
export function agreementVectors() {
  return {
    genesis: GENESIS,
    network: NETWORK,
    electors: electors.map(({ publicKey }) => publicKey),
    leaders: order.map(({ publicKey }) => publicKey),
    self: self.seed,
    nowMs: NOW_MS,
    cases: [...goodCases(), ...proposals(), ...votes(), ...others()],
  }
}

const said = (key: Key, envelope: string): Said => ({ from: key.publicKey, envelope })
function propose({ header, body }: Made, changes: Fields = {}, key: Key = leader, as: Partial<SignedAs> = {}): Said {
  const value = { height: 1, round: 0, leader: leader.publicKey, header, body, softRound: null, softVotes: [], ...changes }
  return said(key, sign('chain-proposal', value, key, as))
}
const soft = (key: Key, hash: string | null, changes: Fields = {}): string => vote(key, 1, hash, { kind: 'soft', ...changes })
const certify = (key: Key, hash: string): string => vote(key, 1, hash)

function goodCases(): AgreementCase[] {
  const { hash } = block
  const own = soft(self, hash)
  const softly = [leader, b].map((key) => said(key, soft(key, hash)))
  const surely = [leader, b, c].map((key) => said(key, certify(key, hash)))
  const bundle = { height: 1, round: 0, block: hash, votes: [leader, b, c].map((key) => soft(key, hash)), sender: b.publicKey }
  return [
    { name: "the leader's block", expect: 'ok', messages: [propose(block)], signs: [own] },
    { name: 'and two soft votes for it', expect: 'ok', messages: [propose(block), ...softly], signs: [own, certify(self, hash)] },
    { name: 'and three votes that certify it', expect: 'ok', messages: [propose(block), ...surely], signs: [own], final: hash },
    { name: 'the votes before the block', expect: 'ok', messages: [...surely, propose(block)], signs: [], final: hash },
    { name: 'the same block twice', expect: 'ok', messages: [propose(block), propose(block)], signs: [own] },
    { name: 'two blocks of the leader: the first counts', expect: 'ok', messages: [propose(block), propose(other)], signs: [own] },
    { name: 'a quorum of soft votes, handed on', expect: 'ok', messages: [said(b, sign('chain-bundle', bundle, b))], signs: [] },
  ]
}
function proposals(): AgreementCase[] {
  const bad = (name: string, code: string, message: Said): AgreementCase => ({ name, expect: code, messages: [message] })
  const made = (header: Fields, transactions: readonly string[] = ['01']) => propose(blockOn(BEGIN, leader, { transactions, header }))
  const few = [leader, b].map((key) => soft(key, block.hash))
  const usual = propose(block)
  return [
    bad(
      "another elector's proposal",
      'PROPOSAL_NOT_LEADER',
      propose(blockOn(BEGIN, b, { transactions: ['01'] }), { leader: b.publicKey }, b),
    ),
    bad("the leader's proposal signed by another", 'SIGNATURE_WRONG', propose(block, {}, b)),
    bad("the leader's proposal for another network", 'SIGNATURE_WRONG', propose(block, {}, leader, { network: OTHER_NETWORK })),
    bad("the leader's proposal with a bit of its signature turned", 'SIGNATURE_WRONG', {
      ...usual,
      envelope: flipped(usual.envelope, -10),
    }),
    bad('a block from the future', 'PROPOSAL_EARLY', made({ timeMs: NOW_MS + 2_001 })),
    bad('a block that is too early', 'BLOCK_WRONG_time', made({ timeMs: NOW_MS - 1 })),
    bad('a block on another block', 'BLOCK_WRONG_previous', made({ previous: named('another block') })),
    bad('a block of another height', 'BLOCK_WRONG_height', made({ height: 2 })),
    bad('a block with another seed', 'BLOCK_WRONG_seed', made({ seed: named('seed') })),
    bad('a block with a transaction that is refused', 'BLOCK_WRONG_transaction', made({}, ['ee'])),
    bad('a block with other data', 'BLOCK_WRONG_data', made({ ledger: named('ledger') })),
    bad(
      'a block proposed again with too few soft votes',
      'CERTIFICATE_WRONG',
      propose(block, { round: 1, leader: b.publicKey, softRound: 0, softVotes: few }, b),
    ),
  ]
}

function votes(): AgreementCase[] {
  const { hash } = block
  const bad = (name: string, code: string, ...messages: Said[]): AgreementCase => ({ name, expect: code, messages })
  return [
    bad('a vote of a stranger', 'VOTE_STRANGER', said(STRANGER, soft(STRANGER, hash))),
    bad('two votes of one elector', 'VOTE_TWO', said(b, soft(b, hash)), said(b, soft(b, other.hash))),
    bad('a vote for a block and one for none', 'VOTE_TWO', said(b, certify(b, hash)), said(b, vote(b, 1, null))),
    bad('a vote with a bit of its signature turned', 'SIGNATURE_WRONG', said(b, flipped(soft(b, hash), -10))),
    bad('a vote with a bit of its block turned', 'SIGNATURE_WRONG', said(b, flipped(soft(b, hash), 40))),
  ]
}

function others(): AgreementCase[] {
  const { hash } = block
  const bad = (name: string, code: string, ...messages: Said[]): AgreementCase => ({ name, expect: code, messages })
  const bundle = (given: readonly string[], changes: Fields = {}, from: Key = b) =>
    said(from, sign('chain-bundle', { height: 1, round: 0, block: hash, votes: given, sender: b.publicKey, ...changes }, b))
  const q = [leader, b, c].map((key) => soft(key, hash))
  const transaction = said(b, sign('chain-transaction', { transaction: '05', sender: b.publicKey }, b))
  return [
    bad('a bundle of two votes', 'CERTIFICATE_WRONG', bundle(q.slice(0, 2))),
    bad('a bundle with a vote twice', 'CERTIFICATE_WRONG', bundle([q[0], q[1], q[1]] as string[])),
    bad('a bundle of votes that certify', 'CERTIFICATE_WRONG', bundle([leader, b, c].map((key) => certify(key, hash)))),
    bad('a bundle for another block than its votes', 'CERTIFICATE_WRONG', bundle(q, { block: other.hash })),
    bad('a bundle of another round than its votes', 'CERTIFICATE_WRONG', bundle(q, { round: 1 })),
    bad('a bundle with a vote of a stranger', 'CERTIFICATE_WRONG', bundle([q[0], q[1], soft(STRANGER, hash)] as string[])),
    bad('a bundle from another than its sender', 'SIGNER_UNKNOWN', bundle(q, {}, c)),
    bad('a transaction twice', 'TX_KNOWN', transaction, transaction),
    bad(
      'a message that is for other layers',
      'MESSAGE_UNKNOWN',
      said(b, sign('peer-present', { peer: b.publicKey, awaySinceHeight: 1 }, b)),
    ),
    bad('no bytes', 'MESSAGE_UNKNOWN', said(b, '')),
  ]
}
