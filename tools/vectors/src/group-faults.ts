import { type Key, sha256 } from './cose.js'
import {
  batchOf,
  GROUP,
  memberKeys,
  type Place,
  revealEnvelope,
  revealValue,
  type SealParts,
  STRANGER,
  saltOf,
  sealEnvelope,
  sealHash,
  sealParts,
  sign,
} from './group.js'
import { type Fields, linkTo, named } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'
import type { Value } from './value.js'

const keys = memberKeys(4)
const [a, b] = keys as [Key, Key, Key, Key]
const batch = batchOf(a, 5)
const place: Place = { step: 5, rank: 1, batch: sha256(batch) }

interface FaultCase {
  readonly name: string
  /** `ok`: they prove nothing; otherwise the fault of the first member. */
  readonly expect: string
  readonly evidence: readonly string[]
}

/** The hash of a commit, with each part that it binds changed; and what two envelopes of one member prove. */
export function faultVectors() {
  return {
    network: GROUP.network,
    job: GROUP.job,
    epoch: GROUP.epoch,
    members: keys.map(({ publicKey }) => publicKey),
    seeds: keys.map(({ seed }) => seed),
    seals: sealCases().map(({ name, parts }) => ({ name, expect: 'ok', seal: sealHash(parts), ...(parts as unknown as Fields) })),
    cases: [...sealFaults(), ...pairs()],
  }
}

function sealCases(): { name: string; parts: SealParts }[] {
  const usual = sealParts(a, place)
  const other = (name: string, changes: Partial<SealParts>) => ({ name, parts: { ...usual, ...changes } })
  const answer = (changes: Fields) => ({ answer: { ...usual.answer, ...changes } })
  return [
    { name: 'a seal', parts: usual },
    other('another network', { network: OTHER_NETWORK }),
    other('another job', { job: linkTo('another job') }),
    other('another epoch', { epoch: GROUP.epoch + 1 }),
    other('another step', { step: place.step + 1 }),
    other('another rank', { rank: place.rank + 1 }),
    other('another batch', { batch: named('another batch') }),
    other('another member', { from: b.publicKey }),
    other('another salt', { salt: saltOf(b) }),
    other('another root', answer({ root: linkTo('another state after') })),
    other('other responses', answer({ responses: named('responses') })),
    other('other effects', answer({ effects: named('effects') })),
    other('other fuel', answer({ fuel: 1 })),
    other('other steps named final', answer({ final: 1 })),
    other('another step disputed', answer({ disputed: 1 })),
    other('another own part', answer({ own: named('own') })),
    other('numbers of more than a byte', {
      epoch: 70_000,
      step: 4_294_967_295,
      rank: 65_535,
      ...answer({ fuel: Number.MAX_SAFE_INTEGER }),
    }),
  ]
}

/** A seal whose hash is of something else than what its member then reveals: one part changed at a time. */
function sealFaults(): FaultCase[] {
  const reveal = revealEnvelope(a, place)
  return sealCases().map(({ name, parts }, i) => ({
    name: i === 0 ? 'a reveal opens the seal' : `the seal was made with ${name}`,
    expect: i === 0 ? 'ok' : 'broken-seal',
    evidence: [sealEnvelope(a, place, { seal: sealHash(parts) }), reveal],
  }))
}

function pairs(): FaultCase[] {
  const pair = (name: string, expect: string, ...evidence: string[]): FaultCase => ({ name, expect, evidence })
  const [seal, reveal] = [sealEnvelope(a, place), revealEnvelope(a, place)]
  const otherBatch = { ...place, batch: named('another batch') }
  const proposal = (key: Key, changes: Fields = {}) =>
    sign('group-proposal', { ...base(key), rank: 1, batch, timeouts: [], tallies: [], unanimous: [], ...changes }, key)
  const timeout = (key: Key, changes: Fields = {}) =>
    sign(
      'group-timeout',
      { ...base(key), rank: 1, previous: '00'.repeat(32), bound: null, dissents: [], abstained: false, ...changes },
      key,
    )
  const boundAt = (rank: number) => ({ rank, batch: named('a batch of a commit set'), seals: [] })
  const base = (key: Key): Fields => ({ job: GROUP.job, epoch: GROUP.epoch, step: 5, from: key.publicKey })
  const differs = { answer: { fuel: 1 } }
  const own = { answer: { own: named('own') } }
  const dissent = (key: Key, of: Place, changes: Fields = {}) => {
    const { salt: _, ...value } = revealValue(key, of, changes) as Record<string, Value>
    return sign('group-dissent', value as Fields, key)
  }
  const before = { ...place, step: 4, batch: named('a batch that is disputed') }
  const held = (key: Key, sealedStep: number, sealedRank = 0) =>
    sign(
      'group-dissent-held',
      { job: GROUP.job, epoch: GROUP.epoch, step: 4, from: key.publicKey, sealedStep, sealedRank, dissent: dissent(b, before, differs) },
      key,
    )
  const earlier = batchOf(a, 4)
  const later = batchOf(a, 4, { final: 4 })
  const clear = batchOf(a, 5, { final: 4, ancestors: [sha256(earlier)] })
  const over: Place = { step: 5, rank: 0, batch: sha256(clear) }
  const saysClear = (of: Place) => revealEnvelope(a, of, { answer: { final: 4 } })
  const open = batchOf(a, 5, { final: 3, ancestors: [sha256(earlier)] })
  const carried = batchOf(a, 5, { epoch: GROUP.epoch - 1, final: 4, ancestors: [sha256(earlier)] })
  return [
    pair('two seals', 'two-seals', seal, sealEnvelope(a, otherBatch)),
    pair('two reveals', 'two-reveals', reveal, revealEnvelope(a, place, differs)),
    pair('two reveals that differ in the own part alone', 'two-reveals', reveal, revealEnvelope(a, place, own)),
    pair('two proposals', 'two-proposals', proposal(a), proposal(a, { batch: batchOf(a, 5, { timeMs: 1 }) })),
    pair('two time-outs', 'two-timeouts', timeout(a), timeout(a, { abstained: true })),
    pair('a reveal, and a time-out of its rank that names no commit set', 'hidden-lock', reveal, timeout(a)),
    pair('a reveal, and a time-out of a later rank that names none', 'hidden-lock', reveal, timeout(a, { rank: 3 })),
    pair(
      'a reveal, and a time-out of a later rank that names one of a lower rank',
      'hidden-lock',
      reveal,
      timeout(a, { rank: 3, bound: boundAt(0) }),
    ),
    pair('a reveal, and a time-out that names the commit set of its rank', 'ok', reveal, timeout(a, { bound: boundAt(1) })),
    pair('a reveal, and a time-out that names one of a higher rank', 'ok', reveal, timeout(a, { rank: 3, bound: boundAt(2) })),
    pair('a reveal, and a time-out of a lower rank', 'ok', revealEnvelope(a, { ...place, rank: 2 }), timeout(a)),
    pair('a reveal, and a time-out of another step', 'ok', reveal, timeout(a, { step: 6 })),
    pair("a reveal, and another member's time-out", 'ok', reveal, timeout(b)),
    pair('a time-out before the reveal', 'ok', timeout(a), reveal),
    pair('two answers to one batch at two ranks', 'two-answers', reveal, revealEnvelope(a, { ...place, rank: 2 }, differs)),
    pair('one answer to one batch at two ranks', 'ok', reveal, revealEnvelope(a, { ...place, rank: 2 })),
    pair('two answers to two batches', 'ok', reveal, revealEnvelope(a, { ...otherBatch, rank: 2 }, differs)),
    pair(
      'two answers from two states',
      'ok',
      reveal,
      revealEnvelope(a, { ...place, rank: 2 }, { ...differs, start: linkTo('another state') }),
    ),
    pair('the same seal twice', 'ok', seal, seal),
    pair('seals at two ranks', 'ok', seal, sealEnvelope(a, { ...otherBatch, rank: 2 })),
    pair('seals at two steps', 'ok', seal, sealEnvelope(a, { ...otherBatch, step: 6 })),
    pair('seals of two members', 'ok', seal, sealEnvelope(b, otherBatch)),
    pair('seals in two epochs', 'ok', seal, sealEnvelope(a, otherBatch, { epoch: GROUP.epoch + 1 })),
    pair('a seal for another network', 'ok', seal, sealEnvelope(a, otherBatch, {}, {}, { network: OTHER_NETWORK })),
    pair("a seal in a member's name, signed by another", 'ok', seal, sealEnvelope(b, otherBatch, { from: a.publicKey })),
    pair("a stranger's seals", 'ok', sealEnvelope(STRANGER, place), sealEnvelope(STRANGER, otherBatch)),
    pair("a seal and another member's reveal", 'ok', seal, revealEnvelope(b, place)),
    pair('a seal and a reveal of another rank', 'ok', seal, revealEnvelope(a, { ...place, rank: 2 })),
    pair('a seal and a reveal of another batch', 'broken-seal', seal, revealEnvelope(a, otherBatch)),
    pair('a reveal before its seal', 'ok', revealEnvelope(a, place, differs), seal),
    pair('one envelope', 'ok', seal),
    pair('three envelopes', 'ok', seal, sealEnvelope(a, otherBatch), seal),
    pair('a reveal, and a dissent with another answer', 'two-answers', reveal, dissent(a, { ...place, rank: 2 }, differs)),
    pair('two dissents with two answers', 'two-answers', dissent(a, place), dissent(a, { ...place, rank: 2 }, differs)),
    pair('a reveal, and a dissent with the same answer', 'ok', reveal, dissent(a, place)),
    pair('a dissent from another state', 'ok', reveal, dissent(a, place, { ...differs, start: linkTo('another state') })),
    pair("a reveal, and another member's dissent", 'ok', reveal, dissent(b, place, differs)),
    pair('a dissent held, and then a reveal that calls the step clear', 'clear-over-dissent', held(a, 4), saysClear(over), clear, earlier),
    pair('the same without the batch before', 'ok', held(a, 4), saysClear(over), clear),
    pair('the same with another batch before', 'ok', held(a, 4), saysClear(over), clear, later),
    pair('the same at a place that was sealed before', 'ok', held(a, 5), saysClear(over), clear, earlier),
    pair('the same at a higher rank, where a batch may be bound', 'ok', held(a, 4), saysClear({ ...over, rank: 1 }), clear, earlier),
    pair("another member's dissent held", 'ok', held(b, 4), saysClear(over), clear, earlier),
    pair(
      'a dissent held, and a batch that does not call the step clear',
      'ok',
      held(a, 4),
      revealEnvelope(a, { ...over, batch: sha256(open) }),
      open,
      earlier,
    ),
    pair(
      'a dissent held, and a batch of the epoch before',
      'ok',
      held(a, 4),
      revealEnvelope(a, { ...over, batch: sha256(carried) }),
      carried,
      earlier,
    ),
    pair('a dissent held, and another batch than was revealed', 'ok', held(a, 4), saysClear(over), open, earlier),
    pair('a dissent held, a reveal, and what is no batch', 'ok', held(a, 4), saysClear({ ...over, batch: sha256('80') }), '80', earlier),
  ]
}
