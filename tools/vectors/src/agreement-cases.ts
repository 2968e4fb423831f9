import {
  BEGIN,
  blockOn,
  CYCLE_MS,
  electors,
  GENESIS,
  leadersOf,
  type Made,
  NETWORK,
  proofOf,
  START_MS,
  STRANGER,
  sign,
  vote,
} from './chain.js'
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
  /** Ms between what came and what is looked at; 0 if not said. */
  readonly laterMs?: number
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
  const proof = proofOf(key, BEGIN.seed, 1)
  const value = { height: 1, round: 0, leader: key.publicKey, proof, header, body, certificate: null, bundle: null, ...changes }
  return said(key, sign('chain-proposal', value, key, as))
}
const soft = (key: Key, hash: string | null, changes: Fields = {}): string => vote(key, 1, hash, { kind: 'soft', ...changes })
const certify = (key: Key, hash: string): string => vote(key, 1, hash)
const next = (key: Key, hash: string | null, changes: Fields = {}): string => vote(key, 1, hash, { kind: 'next', ...changes })
/** When the last leader was waited for and soft votes are cast; when the round is to end. */
const SOFT_MS = 1_200
const END_MS = 2_300
const bundled = (kind: string, hash: string | null, votes: readonly string[], changes: Fields = {}): Fields => ({
  round: 0,
  kind,
  attempt: 0,
  block: hash,
  votes,
  ...changes,
})
const handOn = (bundle: Fields, from: Key = b, changes: Fields = {}): Said =>
  said(from, sign('chain-bundle', { height: 1, bundle, sender: b.publicKey, ...changes }, b))
const three = [leader, b, c]
const q = three.map((key) => soft(key, block.hash))
const forNone = bundled(
  'next',
  null,
  three.map((key) => next(key, null)),
)
const forBlock = bundled(
  'next',
  block.hash,
  three.map((key) => next(key, block.hash)),
)

function goodCases(): AgreementCase[] {
  const { hash } = block
  const own = soft(self, hash)
  const softly = [leader, b].map((key) => said(key, soft(key, hash)))
  const surely = three.map((key) => said(key, certify(key, hash)))
  const softBundle = handOn(bundled('soft', hash, q))
  const [first] = leadersOf(
    electors.filter((key) => key !== self),
    BEGIN.seed,
    1,
    1,
  ) as [Key]
  const fresh = blockOn(BEGIN, first, { transactions: ['03'] })
  const ok = (name: string, messages: readonly Said[], signs: readonly string[], more: Partial<AgreementCase> = {}): AgreementCase => ({
    name,
    expect: 'ok',
    messages,
    signs,
    ...more,
  })
  const softTime = { laterMs: SOFT_MS }
  const endTime = { laterMs: END_MS }
  return [
    ok("the leader's block, while others may lead", [propose(block)], []),
    ok("the leader's block", [propose(block)], [own], softTime),
    ok("the block of who comes second, then the leader's", [propose(blockOn(BEGIN, b, {}), {}, b), propose(block)], [own], softTime),
    ok('and two soft votes for it', [propose(block), ...softly], [own, certify(self, hash)], softTime),
    ok('and three votes that certify it', [propose(block), ...surely], [], { final: hash }),
    ok('the votes before the block', [...surely, propose(block)], [], { final: hash }),
    ok('the same block twice', [propose(block), propose(block)], [own], softTime),
    ok('two blocks of the leader: the first counts', [propose(block), propose(other)], [own], softTime),
    ok('a quorum of soft votes, handed on', [softBundle], []),
    ok('a quorum of soft votes, and the block', [softBundle, propose(block)], [certify(self, hash)]),
    ok('a round that comes to nothing', [propose(block)], [own, next(self, null)], endTime),
    ok(
      'a quorum of soft votes for a block that it lacks: it ends the round for it',
      [propose(other), softBundle],
      [soft(self, other.hash), next(self, hash)],
      endTime,
    ),
    ok('who certified a block ends the round for it', [softBundle, propose(block)], [certify(self, hash), own, next(self, hash)], endTime),
    ok(
      'next votes for none, and a new block in round 1',
      [handOn(forNone), propose(fresh, { round: 1, bundle: forNone }, first)],
      [soft(self, fresh.hash, { round: 1 })],
      { laterMs: 2 * SOFT_MS },
    ),
    ok(
      'next votes for a block, which is proposed again by another',
      [propose(block), propose(block, { round: 1, bundle: forBlock }, first)],
      [soft(self, hash, { round: 1 })],
      { laterMs: 2 * SOFT_MS },
    ),
    ok(
      'a block for round 1 without the next votes that allow it is as if it were not there',
      [propose(block), propose(fresh, { round: 1 }, first), propose(fresh, { round: 1, bundle: forBlock }, first)],
      [own],
      softTime,
    ),
    ok(
      'in round 1 who knows next votes for a block only ends it for that block',
      [propose(block), handOn(forBlock), propose(block, { round: 1, bundle: forBlock }, first)],
      [soft(self, hash, { round: 1 }), next(self, hash, { round: 1 })],
      { laterMs: 2 * END_MS },
    ),
  ]
}
function proposals(): AgreementCase[] {
  const bad = (name: string, code: string, message: Said): AgreementCase => ({ name, expect: code, messages: [message] })
  const made = (header: Fields, transactions: readonly string[] = ['01']) => propose(blockOn(BEGIN, leader, { transactions, header }))
  const few = [leader, b].map((key) => next(key, block.hash))
  const usual = propose(block)
  return [
    bad("a stranger's proposal", 'PROPOSAL_STRANGER', propose(blockOn(BEGIN, STRANGER, { transactions: ['01'] }), {}, STRANGER)),
    bad("a proposal with another's proof", 'PROPOSAL_PROOF_WRONG', propose(block, { proof: proofOf(b, BEGIN.seed, 1) })),
    bad("the leader's proposal signed by another", 'SIGNATURE_WRONG', propose(block, { leader: leader.publicKey }, b)),
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
    bad('a block with another electorate', 'BLOCK_WRONG_electorate', made({ electorate: named('electorate') })),
    bad(
      'a block proposed again with too few next votes',
      'CERTIFICATE_WRONG',
      propose(block, { round: 1, bundle: bundled('next', block.hash, few) }),
    ),
  ]
}

function votes(): AgreementCase[] {
  const { hash } = block
  const bad = (name: string, code: string, ...messages: Said[]): AgreementCase => ({ name, expect: code, messages })
  const third = (value: string | null) => said(b, next(b, value))
  return [
    bad('a vote of a stranger', 'VOTE_STRANGER', said(STRANGER, soft(STRANGER, hash))),
    bad('two votes of one elector', 'VOTE_TWO', said(b, soft(b, hash)), said(b, soft(b, other.hash))),
    bad('next votes for two blocks and for none', 'ok', third(hash), third(other.hash), third(null)),
    bad('next votes for three blocks', 'VOTE_MANY', third(hash), third(other.hash), third(named('a third'))),
    bad('a soft vote for none', 'VOTE_WRONG', said(b, soft(b, null))),
    bad('a vote that certifies none', 'VOTE_WRONG', said(b, vote(b, 1, null))),
    bad('a vote of a second attempt where nothing is drawn', 'VOTE_WRONG', said(b, next(b, null, { attempt: 1 }))),
    bad('a vote with a proof where nothing is drawn', 'VOTE_WRONG', said(b, soft(b, hash, { proof: proofOf(b, BEGIN.seed, 1) }))),
    bad('a vote with a bit of its signature turned', 'SIGNATURE_WRONG', said(b, flipped(soft(b, hash), -10))),
    bad('a vote with a bit of its block turned', 'SIGNATURE_WRONG', said(b, flipped(soft(b, hash), 40))),
  ]
}

function others(): AgreementCase[] {
  const { hash } = block
  const bad = (name: string, code: string, ...messages: Said[]): AgreementCase => ({ name, expect: code, messages })
  const bundle = (given: readonly string[], changes: Fields = {}) => handOn(bundled('soft', hash, given, changes))
  const transaction = said(b, sign('chain-transaction', { transaction: '05', sender: b.publicKey }, b))
  return [
    bad('a bundle of two votes', 'CERTIFICATE_WRONG', bundle(q.slice(0, 2))),
    bad('a bundle with a vote twice', 'CERTIFICATE_WRONG', bundle([q[0], q[1], q[1]] as string[])),
    bad('a bundle of votes that certify', 'CERTIFICATE_WRONG', bundle(three.map((key) => certify(key, hash)))),
    bad(
      'a bundle that certifies',
      'CERTIFICATE_WRONG',
      bundle(
        three.map((key) => certify(key, hash)),
        { kind: 'certify' },
      ),
    ),
    bad(
      'a bundle of soft votes for none',
      'CERTIFICATE_WRONG',
      bundle(
        three.map((key) => soft(key, null)),
        { block: null },
      ),
    ),
    bad('a bundle of another attempt than its votes', 'CERTIFICATE_WRONG', handOn({ ...forNone, attempt: 1 })),
    bad('a bundle for another block than its votes', 'CERTIFICATE_WRONG', bundle(q, { block: other.hash })),
    bad('a bundle of another round than its votes', 'CERTIFICATE_WRONG', bundle(q, { round: 1 })),
    bad('a bundle with a vote of a stranger', 'CERTIFICATE_WRONG', bundle([q[0], q[1], soft(STRANGER, hash)] as string[])),
    bad('a bundle from another than its sender', 'SIGNER_UNKNOWN', handOn(bundled('soft', hash, q), c)),
    bad('a transaction twice', 'TX_KNOWN', transaction, transaction),
    bad(
      'a message that is for other layers',
      'MESSAGE_UNKNOWN',
      said(b, sign('peer-present', { peer: b.publicKey, awaySinceHeight: 1 }, b)),
    ),
    bad('no bytes', 'MESSAGE_UNKNOWN', said(b, '')),
  ]
}
