import {
  BEGIN,
  blockOn,
  certificateOf,
  certified,
  dataSetsOf,
  drawn,
  electorateOf,
  electors,
  encode,
  GENESIS,
  lotInput,
  lotOf,
  type Made,
  NETWORK,
  outputFor,
  proofOf,
  rule,
  START_MS,
  STRANGER,
  seedInput,
  seedOf,
  sign,
  stored,
  tipAfter,
  vote,
} from './chain.js'
import { flipped, type Key, sha256 } from './cose.js'
import { type Fields, named } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'

const [a, b, c, d] = electors as [Key, Key, Key, Key]
const first = blockOn(BEGIN, a, { transactions: ['01'] })
const firstCertificate = certified(1, first.hash, [a, b, c])
const tip = tipAfter(BEGIN, first, firstCertificate, [0, 0, 0])
const second = blockOn(tip, b, { transactions: ['02', '0303'], before: ['01'] })

const context = {
  genesis: GENESIS,
  network: NETWORK,
  electors: electors.map(({ publicKey }) => publicKey),
  seeds: electors.map(({ seed }) => seed),
  strangerSeed: STRANGER.seed,
}

/** Whether a quorum of the electorate certified a block: of four, three. */
export function chainCertificateVectors() {
  const { hash } = first
  const votes = electors.map((key) => vote(key, 1, hash))
  const give = (name: string, given: Fields, fault?: string) => ({
    name,
    expect: fault === undefined ? 'ok' : 'CERTIFICATE_WRONG',
    reason: fault,
    certificate: encode('block-certificate', given),
  })
  const third = (name: string, fault: string, envelope: string) =>
    give(name, certificateOf(1, hash, [votes[0], votes[1], envelope] as string[]), fault)
  const of = (key: Key, changes: Fields = {}) => vote(key, 1, hash, changes)
  const value = { height: 1, round: 0, kind: 'certify', attempt: 0, block: hash, voter: c.publicKey, proof: null }
  return {
    ...context,
    block: { height: 1, hash },
    cases: [
      give('all four', certificateOf(1, hash, votes)),
      give('three of four', certificateOf(1, hash, votes.slice(0, 3))),
      give('in any order', certificateOf(1, hash, [...votes].reverse())),
      give(
        'of a later round',
        certificateOf(
          1,
          hash,
          electors.map((key) => of(key, { round: 7 })),
          { round: 7 },
        ),
      ),
      give('no votes', certificateOf(1, hash, []), 'quorum'),
      give('two votes, one less than a quorum', certificateOf(1, hash, votes.slice(0, 2)), 'quorum'),
      third('a vote twice', 'twice', votes[1] as string),
      third('a vote of a stranger', 'voter', of(STRANGER)),
      third('a vote for another block', 'vote', vote(c, 1, named('another block'))),
      third('a vote for no block', 'vote', vote(c, 1, null)),
      third('a vote of another height', 'vote', vote(c, 2, hash)),
      third('a vote of another round', 'vote', of(c, { round: 1 })),
      third('a soft vote', 'vote', of(c, { kind: 'soft' })),
      third('a next vote', 'vote', of(c, { kind: 'next' })),
      third('a vote of a second attempt', 'vote', of(c, { attempt: 1 })),
      third('a vote with a proof where nobody is drawn', 'vote', of(c, { proof: '00'.repeat(80) })),
      third("a vote in an elector's name, signed by another", 'vote', sign('chain-vote', value, d)),
      third('a vote for another network', 'vote', sign('chain-vote', value, c, { network: OTHER_NETWORK })),
      third('a vote signed as another version', 'vote', sign('chain-vote', value, c, { version: 2 })),
      third('a vote signed as another message', 'vote', sign('chain-vote', value, c, { number: rule('chain-bundle').number ?? 0 })),
      third('a vote with a bit of its signature turned', 'vote', flipped(votes[2] as string, -20)),
      third('another message in place of a vote', 'vote', sign('peer-present', { peer: c.publicKey, awaySinceHeight: 1 }, c)),
      third('no bytes in place of a vote', 'vote', ''),
      give(
        'a certificate of another height',
        certificateOf(
          2,
          hash,
          electors.map((key) => vote(key, 2, hash)),
        ),
        'block',
      ),
      give('a certificate of another block', certified(1, named('another block')), 'block'),
      give('a certificate of another round than its votes', certificateOf(1, hash, votes, { round: 1 }), 'vote'),
    ],
  }
}

/** What a peer that has the genesis, or the first block too, says to the next. */
export function blockVectors() {
  return {
    ...context,
    first: stored(first, firstCertificate),
    nowMs: START_MS + 10_000,
    cases: [
      { name: 'the first block', expect: 'ok', height: 1, block: stored(first, firstCertificate), hash: first.hash },
      { name: 'the second block', expect: 'ok', height: 2, block: stored(second, certified(2, second.hash)), hash: second.hash },
      ...wrongBlocks(),
    ],
    proposed: proposedBlocks(),
  }
}

/** What who votes on the second block compares: its header's hash, and whom its body names, with the certificate that comes beside it. */
function proposedBlocks() {
  const on = (changes: Parameters<typeof blockOn>[2] = {}) => blockOn(tip, b, { transactions: ['02'], before: ['01'], ...changes })
  const give = (name: string, { header, body }: Made, certificate: Fields | null, fault?: string) => ({
    name,
    expect: fault === undefined ? 'ok' : 'BLOCK_WRONG',
    reason: fault,
    header,
    body,
    certificate: certificate === null ? null : encode('block-certificate', certificate),
  })
  const named1 = (certificate: Fields, changes: Fields = {}) => on({ header: { certificate: hashOf(certificate) }, ...changes })
  const all = certified(1, first.hash)
  const few = certified(1, first.hash, [a, b])
  const elsewhere = certified(1, named('another block'))
  return [
    give('with what it names', on(), firstCertificate),
    give('of all four, who are named', named1(all, { body: { certifiers: [0, 0, 0, 0] } }), all),
    give('with no certificate', on(), null, 'certificate'),
    give('with a certificate that it does not name', on(), all, 'certificate'),
    give(
      'with a hash of another certificate',
      on({ header: { certificate: named('another certificate') } }),
      firstCertificate,
      'certificate',
    ),
    give('with another who certified', on({ body: { certifiers: [0, 0, 1] } }), firstCertificate, 'certificate'),
    give('with one more who certified', on({ body: { certifiers: [0, 0, 0, 0] } }), firstCertificate, 'certificate'),
    give('with one fewer', named1(all), all, 'certificate'),
    give('with too few votes', named1(few, { body: { certifiers: [0, 0] } }), few, 'certificate'),
    give('with a certificate of another block', named1(elsewhere, { body: { certifiers: [0, 0, 0, 0] } }), elsewhere, 'certificate'),
  ]
}

function wrongBlocks() {
  const give = (name: string, reason: string, made: Made, height = 2) => ({
    name,
    expect: 'BLOCK_WRONG',
    reason,
    height,
    block: stored(made, certified(height, made.hash)),
  })
  const on = (changes: Parameters<typeof blockOn>[2], leader: Key = b) =>
    blockOn(tip, leader, { transactions: ['02'], before: ['01'], ...changes })
  const header = (name: string, reason: string, changes: Fields) => give(name, reason, on({ header: changes }))
  const paying = (name: string, certifiers: readonly number[]) => give(name, 'certificate', on({ body: { certifiers } }))
  const sets = dataSetsOf(['01', '02'])
  const { hash } = second
  const uncertified = (name: string, reason: string, certificate: Fields) => ({
    name,
    expect: 'CERTIFICATE_WRONG',
    reason,
    height: 2,
    block: stored(second, certificate),
  })
  return [
    header('another height', 'height', { height: 1_000_000 }),
    header('another block before', 'previous', { previous: named('another block') }),
    header('a millisecond too early', 'time', { timeMs: second.timeMs - 1 }),
    header('another body', 'body', { body: named('another body') }),
    header('another electorate for the next block', 'electorate', { electorate: electorateOf([a, b, c]) }),
    header('a leader who is no elector', 'leader', {
      leader: STRANGER.publicKey,
      proof: proofOf(STRANGER, tip.seed, 2),
      seed: seedOf(STRANGER, tip.seed, 2),
    }),
    header("another leader's proof", 'proof', { proof: proofOf(a, tip.seed, 2) }),
    header('a proof of another height', 'proof', { proof: proofOf(b, tip.seed, 3) }),
    header('a proof on another seed', 'proof', { proof: proofOf(b, BEGIN.seed, 2) }),
    header('a proof with a bit turned', 'proof', { proof: flipped(proofOf(b, tip.seed, 2), 70) }),
    header('another seed', 'seed', { seed: named('another seed') }),
    paying('nobody who certified the block before', []),
    paying('fewer than a quorum', [0, 0]),
    paying('one beyond the electorate', [0, 0, 2]),
    paying('one far beyond the electorate', [0, 0, 0xffffffff]),
    paying('more than there are', [0, 0, 0, 0, 0]),
    give('a transaction that is refused', 'transaction', on({ transactions: ['ee'] })),
    ...Object.keys(sets).map((name) => header(`another hash of the ${name}`, 'data', { [name]: named('other data') })),
    give('a body that is too large', 'body', on({ transactions: ['77'.repeat(131_072), '78'.repeat(131_072)] })),
    give('who certified before the first block', 'certificate', blockOn({ ...BEGIN, certifiers: [0, 0, 0] }, a, {}), 1),
    { ...give('a header that is none', 'malformed', { ...second, header: '80', hash: sha256('80') }), expect: 'WIRE_NUMBER' },
    { ...give('a body that is none', 'malformed', { ...second, body: '80' }), expect: 'WIRE_SHAPE' },
    uncertified('too few votes for it', 'quorum', certified(2, hash, [a, b])),
    uncertified(
      'votes of one elector',
      'twice',
      certificateOf(
        2,
        hash,
        [a, a, a].map((key) => vote(key, 2, hash)),
      ),
    ),
    uncertified('votes for another block', 'block', certified(2, named('another block'))),
    { name: 'without its certificate', expect: 'BLOCK_UNCERTIFIED', height: 2, block: stored(second, null) },
  ]
}
const hashOf = (certificate: Fields): string => sha256(encode('block-certificate', certificate))

/** Seeds, electorates, lots, and who is drawn. */
export function drawVectors() {
  return {
    quorums: [1, 2, 3, 4, 5, 6, 7, 10, 100, 512, 2000].map((count) => ({
      expect: 'ok',
      electors: count,
      quorum: Math.floor((count * 685) / 1000) + 1,
    })),
    electorates: [[a], [a, b, c, d]].map((keys) => ({
      expect: 'ok',
      electors: keys.map(({ publicKey }) => publicKey),
      root: electorateOf(keys),
    })),
    heights: [1, 2, 300, 70_000].map((height) => {
      const previous = named(`seed ${height}`)
      return {
        expect: 'ok',
        height,
        previousSeed: previous,
        alpha: seedInput(previous, height),
        key: a.publicKey,
        proof: proofOf(a, previous, height),
        output: outputFor(a, previous, height),
        seed: seedOf(a, previous, height),
        withoutLeader: sha256(seedInput(previous, height)),
        lots: [0, 1, 300].map((round) => ({ round, lot: lotOf(a, previous, height, round) })),
      }
    }),
    steps: [
      { height: 1, round: 0, step: 'soft' as const, attempt: 0, size: 1, electors: 2 },
      { height: 70_000, round: 0, step: 'certify' as const, attempt: 0, size: 2_000, electors: 1_000_000 },
      { height: 70_000, round: 3, step: 'next' as const, attempt: 2, size: 2_000, electors: 2_001 },
      { height: 70_000, round: 3, step: 'none' as const, attempt: 2, size: 1, electors: 3 },
    ].map(({ size, electors: count, ...place }) => {
      const { height, round, step, attempt } = place
      const previous = named(`seed ${height}`)
      const input = lotInput(previous, height, round, step, attempt)
      return { expect: 'ok', previousSeed: previous, ...place, input, size, electors: count, ...drawn(a, input, size, count) }
    }),
  }
}
