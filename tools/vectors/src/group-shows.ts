import { envelope, flipped, type Key, type SignedAs, sha256 } from './cose.js'
import { batchOf, certificateOf, GROUP, memberKeys, type Place, revealEnvelope, STRANGER, sealEnvelope, sign } from './group.js'
import { type Fields, linkTo, named } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'
import type { Value } from './value.js'

const keys = memberKeys(4)
const [a, b, c, d] = keys as [Key, Key, Key, Key]
const first = batchOf(a, 1)
const firstPlace: Place = { step: 1, rank: 0, batch: sha256(first) }
const certificate = certificateOf(
  firstPlace,
  keys.map((key) => revealEnvelope(key, firstPlace)),
)
const last = { certificate, batch: first }
const second = batchOf(b, 2, { previous: sha256(first), from: linkTo('the group state after') })
const place: Place = { step: 2, rank: 0, batch: sha256(second) }
const seals = keys.map((key) => sealEnvelope(key, place))
const q = seals.slice(0, 3)

const show = (key: Key, value: Fields, as: Partial<SignedAs> = {}): string =>
  sign('group-show', { job: GROUP.job, epoch: GROUP.epoch, from: key.publicKey, last: null, bound: null, ...value }, key, as)
const commitSet = (given: readonly string[], changes: Fields = {}): Value => ({ rank: 0, batch: second, seals: given, ...changes })

interface ShowCase {
  readonly name: string
  readonly expect: string
  readonly reason?: string
  readonly recovery?: Value
  readonly shows: readonly string[]
}

/** What members show when their epoch is recovered: the last certificate, and the highest commit set. */
export function showVectors() {
  return {
    network: GROUP.network,
    job: GROUP.job,
    epoch: GROUP.epoch,
    members: keys.map(({ publicKey }) => publicKey),
    seeds: keys.map(({ seed }) => seed),
    strangerSeed: STRANGER.seed,
    cases: [...goodCases(), ...badShows(), ...badCommitSets()],
  }
}

function goodCases(): ShowCase[] {
  const recovery = (shown: readonly number[], step: number | null, rerun: readonly string[], closed = false): Value => ({
    step,
    rerun,
    shown,
    complete: shown.length >= 3,
    closed,
  })
  const closing = batchOf(a, 1, { closing: true, outcomes: keys.map(() => ({ agreed: 0, absent: 0, contradicted: 0 })) })
  const closingPlace = { ...firstPlace, batch: sha256(closing) }
  const closed = {
    certificate: certificateOf(
      closingPlace,
      keys.map((key) => revealEnvelope(key, closingPlace)),
    ),
    batch: closing,
  }
  const higher = batchOf(c, 2, { previous: sha256(first), from: linkTo('the group state after') })
  const atRank1 = keys.map((key) => sealEnvelope(key, { step: 2, rank: 1, batch: sha256(higher) }))
  const good = (name: string, shows: readonly string[], found: Value): ShowCase => ({ name, expect: 'ok', recovery: found, shows })
  return [
    good('nothing shown by nobody', [], recovery([], null, [])),
    good(
      'three members who have nothing',
      [a, b, c].map((key) => show(key, {})),
      recovery([0, 1, 2], null, []),
    ),
    good(
      'a certificate and a commit set',
      [show(a, { last }), show(b, { last, bound: commitSet(q) }), show(d, {})],
      recovery([0, 1, 3], 1, [second]),
    ),
    good('two shows, less than q', [show(a, { last }), show(b, { last })], recovery([0, 1], 1, [])),
    good(
      'two commit sets: the one of the higher rank binds',
      [show(a, { last, bound: commitSet(q) }), show(b, { last, bound: { rank: 1, batch: higher, seals: atRank1 } }), show(c, { last })],
      recovery([0, 1, 2], 1, [higher]),
    ),
    good(
      'a commit set of a step that is not the next binds nothing',
      [show(a, { bound: commitSet(q) }), show(b, {}), show(c, {})],
      recovery([0, 1, 2], null, []),
    ),
    good('a closing certificate ends the epoch', [show(a, { last: closed }), show(b, {}), show(c, {})], recovery([0, 1, 2], 1, [], true)),
  ]
}

function badShows(): ShowCase[] {
  const bad = (name: string, reason: string, ...shows: string[]): ShowCase => ({ name, expect: 'SHOWS_INVALID', reason, shows })
  const good = show(a, { last })
  return [
    bad('a show twice', 'a member shows twice', good, good),
    bad('two shows of one member', 'a member shows twice', good, show(a, {})),
    bad('a show of one who is no member', 'NOT_A_MEMBER', show(STRANGER, {})),
    bad('a show of another epoch', 'OTHER_EPOCH', show(a, { epoch: GROUP.epoch + 1 })),
    bad('a show of another job', 'OTHER_JOB', show(a, { job: linkTo('another job') })),
    bad("a show in a member's name, signed by another", 'SIGNATURE_WRONG', show(b, { from: a.publicKey })),
    bad('a show for another network', 'SIGNATURE_WRONG', show(a, {}, { network: OTHER_NETWORK })),
    bad('a show with a bit of its signature turned', 'SIGNATURE_WRONG', flipped(good, -10)),
    bad('a seal in place of a show', 'MESSAGE_UNREADABLE', seals[0] as string),
    bad(
      'a show of a certificate with too few reveals',
      'fewer than q matching reveals',
      show(a, { last: { ...last, certificate: certificateOf(firstPlace, []) } }),
    ),
    bad('a show of a certificate with another batch', 'another batch', show(a, { last: { ...last, batch: second } })),
  ]
}

/** q seals by distinct members for one batch at one place are a commit set, and nothing else is. */
function badCommitSets(): ShowCase[] {
  const bad = (name: string, reason: string, bound: Value): ShowCase => ({
    name,
    expect: 'SHOWS_INVALID',
    reason,
    shows: [show(a, { last, bound })],
  })
  const third = (name: string, reason: string, seal: string) => bad(name, reason, commitSet([...seals.slice(0, 2), seal]))
  const [none, elsewhere] = ['not a commit set', 'a seal of another place']
  const [sealOfC] = [seals[2] as string]
  return [
    bad('no seals', none, commitSet([])),
    bad('two seals, one less than q', none, commitSet(seals.slice(0, 2))),
    third('a seal twice', none, seals[1] as string),
    third('two seals of one member', none, sealEnvelope(b, place, { seal: named('seal') })),
    third('a seal of another step', none, sealEnvelope(c, { ...place, step: 3 })),
    third('a seal of another rank', elsewhere, sealEnvelope(c, { ...place, rank: 1 })),
    third('a seal of another batch', elsewhere, sealEnvelope(c, { ...place, batch: named('another batch') })),
    third('a seal of another epoch', 'OTHER_EPOCH', sealEnvelope(c, place, { epoch: GROUP.epoch + 1 })),
    third('a seal of another job', 'OTHER_JOB', sealEnvelope(c, place, { job: linkTo('another job') })),
    third('a seal of one who is no member', 'NOT_A_MEMBER', sealEnvelope(STRANGER, place)),
    third("a seal in a member's name, signed by another", 'SIGNATURE_WRONG', sealEnvelope(d, place, { from: c.publicKey })),
    third('a seal for another network', 'SIGNATURE_WRONG', sealEnvelope(c, place, {}, {}, { network: OTHER_NETWORK })),
    third('a seal with a bit of its signature turned', 'SIGNATURE_WRONG', flipped(sealOfC, -10)),
    third(
      'a seal with another hash under the same signature',
      'SIGNATURE_WRONG',
      envelope(flipped(sealOfC.slice(16, -132), -1), sealOfC.slice(-128)),
    ),
    third('a reveal in place of a seal', 'MESSAGE_UNREADABLE', revealEnvelope(c, place)),
    bad('another batch than the seals name', elsewhere, commitSet(q, { batch: first })),
    bad('another rank than the seals name', elsewhere, commitSet(q, { rank: 1 })),
    bad('a batch that is none', 'a batch that is not readable', commitSet(q, { batch: '80' })),
  ]
}
