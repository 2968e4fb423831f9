import { envelope, flipped, type Key, type SignedAs, sha256 } from './cose.js'
import {
  batchOf,
  certificateOf,
  GROUP,
  memberKeys,
  type Place,
  revealEnvelope,
  revealValue,
  START,
  STRANGER,
  sealEnvelope,
  sign,
} from './group.js'
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
const shown = (certified: string, batch: string, dissents: readonly string[] = []): Value => ({ certificate: certified, batch, dissents })
const last = shown(certificate, first)
const second = batchOf(b, 2, { ancestors: [sha256(first)], from: linkTo('the group state after') })
const place: Place = { step: 2, rank: 0, batch: sha256(second) }
const seals = keys.map((key) => sealEnvelope(key, place))
const q = seals.slice(0, 3)

const show = (key: Key, value: Fields, as: Partial<SignedAs> = {}): string =>
  sign(
    'group-show',
    { job: GROUP.job, epoch: GROUP.epoch, from: key.publicKey, steps: [], bound: null, boundBatch: null, reveal: null, seen: 0, ...value },
    key,
    as,
  )
const commitSet = (given: readonly string[], changes: Fields = {}): Value => ({ rank: 0, batch: place.batch, seals: given, ...changes })
/** A show of a commit set with what it binds. */
const bound = { bound: commitSet(q), boundBatch: second }
/** A step certified by these members, and by others otherwise. */
const certified = (of: Place, by: readonly Key[], answer: Fields = {}, differing: readonly Key[] = []): string =>
  certificateOf(
    of,
    keys.flatMap((key) => {
      if (by.includes(key)) return [revealEnvelope(key, of, { answer })]
      return differing.includes(key) ? [revealEnvelope(key, of, { answer: { ...answer, fuel: 9 } })] : []
    }),
  )
const dissentOf = (key: Key, of: Place): string => {
  const { salt: _, ...value } = revealValue(key, of, { answer: { fuel: 9 } }) as Record<string, Value>
  return sign('group-dissent', value as Fields, key)
}
const withheldBy = (key: Key, of: Place): string =>
  sign('group-withheld', { job: GROUP.job, epoch: GROUP.epoch, ...of, from: key.publicKey, stretch: null } as unknown as Fields, key)

interface ShowCase {
  readonly name: string
  readonly expect: string
  readonly reason?: string
  readonly recovery?: Value
  readonly shows: readonly string[]
}

/** What members show when their epoch is recovered: certified steps with what is signed against them, the highest commit set, and their own reveal. */
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
  interface Found {
    readonly step?: number
    readonly rerun?: readonly string[]
    readonly closed?: boolean
    /** The certified step that something is signed against, and by how many. */
    readonly disputed?: { readonly step: number; readonly dissents: number }
    readonly dropped?: string
  }
  const recovery = (shows: readonly number[], { step, rerun = [], closed = false, disputed, dropped }: Found = {}): Value => ({
    step: step ?? null,
    rerun,
    disputed: disputed === undefined ? null : { ...disputed },
    dropped: dropped ?? null,
    shown: shows,
    complete: shows.length >= 3,
    closed,
  })
  const closing = batchOf(a, 1, {
    closing: true,
    outcomes: keys.map(() => ({ agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 })),
  })
  const closingPlace = { ...firstPlace, batch: sha256(closing) }
  const closed = shown(certified(closingPlace, keys, { root: START }), closing)
  const higher = batchOf(c, 2, { ancestors: [sha256(first)], from: linkTo('the group state after') })
  const higherPlace: Place = { step: 2, rank: 1, batch: sha256(higher) }
  const atRank1 = { rank: 1, batch: sha256(higher), seals: keys.map((key) => sealEnvelope(key, higherPlace)) }
  const [start, naming] = [
    { start: linkTo('the group state after') },
    batchOf(b, 2, { ancestors: [sha256(first)], from: linkTo('the group state after'), final: 1 }),
  ]
  const namingPlace: Place = { step: 2, rank: 0, batch: sha256(naming) }
  const says = (key: Key, answer: Fields = {}, of: Place = place) => revealEnvelope(key, of, { ...start, answer })
  const certifies = (of: Place, by: readonly Key[], answer: Fields = {}) =>
    certificateOf(
      of,
      by.map((key) => says(key, answer, of)),
    )
  const threeSay = shown(certified(firstPlace, [a, b, c]), first)
  const good = (name: string, shows: readonly string[], found: Value): ShowCase => ({ name, expect: 'ok', recovery: found, shows })
  return [
    good('nothing shown by nobody', [], recovery([])),
    good(
      'three members who have nothing',
      [a, b, c].map((key) => show(key, {})),
      recovery([0, 1, 2]),
    ),
    good(
      'a certificate of all and a commit set',
      [show(a, { steps: [last] }), show(b, { steps: [last], ...bound }), show(d, {})],
      recovery([0, 1, 3], { step: 1, rerun: [second] }),
    ),
    good('two shows, less than q', [show(a, { steps: [last] }), show(b, { steps: [last] })], recovery([0, 1], { step: 1 })),
    good(
      'two commit sets: the one of the higher rank binds',
      [show(a, { steps: [last], ...bound }), show(b, { steps: [last], bound: atRank1, boundBatch: higher }), show(c, { steps: [last] })],
      recovery([0, 1, 2], { step: 1, rerun: [higher] }),
    ),
    good(
      'a commit set and its batch, shown by two members',
      [show(a, { steps: [last], bound: commitSet(q) }), show(b, { steps: [last], boundBatch: second }), show(c, {})],
      recovery([0, 1, 2], { step: 1, rerun: [second] }),
    ),
    good(
      'a commit set whose batch nobody shows binds nothing',
      [show(a, { steps: [last], bound: commitSet(q), boundBatch: first }), show(b, {}), show(c, {})],
      recovery([0, 1, 2], { step: 1 }),
    ),
    good('a commit set of a step that is not the next binds nothing', [show(a, bound), show(b, {}), show(c, {})], recovery([0, 1, 2])),
    good(
      'a closing certificate ends the epoch',
      [show(a, { steps: [closed] }), show(b, {}), show(c, {})],
      recovery([0, 1, 2], { step: 1, closed: true }),
    ),
    good(
      'a step that three certify is run again, and so is what is bound after it',
      [show(a, { steps: [threeSay] }), show(b, { steps: [threeSay], ...bound }), show(c, {})],
      recovery([0, 1, 2], { rerun: [first, second] }),
    ),
    good(
      'two certificates of three members each, which are four together',
      [show(a, { steps: [threeSay] }), show(b, { steps: [shown(certified(firstPlace, [b, c, d]), first)] }), show(c, {})],
      recovery([0, 1, 2], { step: 1 }),
    ),
    good(
      'a certified batch that names the step before final',
      [show(a, { steps: [threeSay, shown(certifies(namingPlace, [a, b, c], { final: 1 }), naming)] }), show(b, {}), show(c, {})],
      recovery([0, 1, 2], { step: 1, rerun: [naming] }),
    ),
    good(
      'a provisional step that one member dissents from',
      [
        show(a, { steps: [threeSay] }),
        show(d, { steps: [shown(certified(firstPlace, [a, b, c]), first, [dissentOf(d, firstPlace)])] }),
        show(b, {}),
      ],
      recovery([0, 1, 3], { rerun: [first], disputed: { step: 1, dissents: 1 } }),
    ),
    good(
      'a member that was not given a provisional step, and a dissent that is against another batch',
      [
        show(a, { steps: [shown(certified(firstPlace, [a, b, c]), first, [withheldBy(d, firstPlace), dissentOf(d, place)])] }),
        show(b, {}),
        show(c, {}),
      ],
      recovery([0, 1, 2], { rerun: [first], disputed: { step: 1, dissents: 1 } }),
    ),
    good(
      'reveals of a bound batch that can no longer reach q alike: it is dropped',
      [
        show(a, { steps: [last], ...bound, reveal: says(a) }),
        show(b, { steps: [last], reveal: says(b, { fuel: 1 }) }),
        show(c, { steps: [last], reveal: says(c, { fuel: 2 }) }),
      ],
      recovery([0, 1, 2], { step: 1, dropped: second }),
    ),
    good(
      'two reveals that differ may still be two of q and one that lies',
      [show(a, { steps: [last], ...bound, reveal: says(a) }), show(b, { steps: [last], reveal: says(b, { fuel: 1 }) }), show(c, {})],
      recovery([0, 1, 2], { step: 1, rerun: [second] }),
    ),
  ]
}

function badShows(): ShowCase[] {
  const bad = (name: string, reason: string, ...shows: string[]): ShowCase => ({ name, expect: 'SHOWS_INVALID', reason, shows })
  const good = show(a, { steps: [last] })
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
      show(a, { steps: [shown(certificateOf(firstPlace, []), first)] }),
    ),
    bad('a show of a certificate with another batch', 'another batch', show(a, { steps: [shown(certificate, second)] })),
  ]
}

/** q seals by distinct members for one batch at one place are a commit set, and nothing else is. */
function badCommitSets(): ShowCase[] {
  const bad = (name: string, reason: string, given: Value): ShowCase => ({
    name,
    expect: 'SHOWS_INVALID',
    reason,
    shows: [show(a, { steps: [last], bound: given })],
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
    bad('another batch than the seals name', elsewhere, commitSet(q, { batch: firstPlace.batch })),
    bad('another rank than the seals name', elsewhere, commitSet(q, { rank: 1 })),
  ]
}
