import { type Key, sha256 } from './cose.js'
import {
  answerFor,
  batchOf,
  GROUP,
  memberKeys,
  ownPlaceOf,
  type Place,
  revealEnvelope,
  START,
  STRANGER,
  sign,
  TRANSCRIPT,
} from './group.js'
import { type Fields, linkTo, named } from './maker.js'
import { chunksOf, ownOf, pathOf } from './own-parts.js'
import { OTHER_NETWORK } from './signed-cases.js'

const keys = memberKeys(4)
const [a, b] = keys as [Key, Key, Key, Key]
const place: Place = { step: 5, rank: 1, batch: sha256(batchOf(a, 5)) }

/** Bytes of no pattern. */
const bytesOf = (length: number): string =>
  Array.from({ length: Math.ceil(length / 32) }, (_, i) => named(`transcript ${i}`))
    .join('')
    .slice(0, 2 * length)
const LONG = bytesOf(4_500) // five chunks

interface OwnCase {
  readonly name: string
  /** `ok`: nothing is proven; otherwise the fault of the first member, and whether it takes a run. */
  readonly expect: string
  readonly verdict?: 'proven' | 'run-again'
  readonly evidence: readonly string[]
  readonly run?: { readonly answer: Fields; readonly transcript: string }
}

/** Own parts, each part of their place changed once; and what reveals and replies to challenges prove of them. */
export function ownWorkVectors() {
  return {
    network: GROUP.network,
    job: GROUP.job,
    epoch: GROUP.epoch,
    members: keys.map(({ publicKey }) => publicKey),
    seeds: keys.map(({ seed }) => seed),
    parts: ownParts(),
    cases: [...revealCases(), ...replyCases(), ...pairs()],
  }
}

function ownParts() {
  const usual = { ...ownPlaceOf(a, place), transcript: named('a transcript') }
  const part = (name: string, changes: Partial<typeof usual> = {}) => {
    const { transcript, ...at } = { ...usual, ...changes }
    return { name, expect: 'ok', own: ownOf(at, transcript), ...at, transcript }
  }
  return [
    part('an own part'),
    part('another network', { network: OTHER_NETWORK }),
    part('another job', { job: linkTo('another job') }),
    part('another epoch', { epoch: GROUP.epoch + 1 }),
    part('another step', { step: place.step + 1 }),
    part('another batch', { batch: named('another batch') }),
    part('another member', { from: b.publicKey }),
    part('another transcript', { transcript: named('another transcript') }),
    part('a zero at its end', { transcript: `${usual.transcript}00` }),
    part('an empty transcript', { transcript: '' }),
    part('a whole chunk', { transcript: bytesOf(1024) }),
    part('a whole chunk and a byte', { transcript: bytesOf(1025) }),
    part('three chunks', { transcript: bytesOf(3_000) }),
    part('five chunks', { transcript: LONG }),
  ]
}

const run = { answer: answerFor(a, place), transcript: TRANSCRIPT }

function revealCases(): OwnCase[] {
  const judged = (name: string, expect: string, evidence: string[], changes: Partial<typeof run> = {}): OwnCase => ({
    name,
    expect,
    ...(expect === 'ok' ? {} : { verdict: 'proven' }),
    evidence,
    run: { ...run, ...changes },
  })
  const reveal = revealEnvelope(a, place)
  const withOwn = (own: string) => revealEnvelope(a, place, { answer: { own } })
  return [
    { name: 'a reveal that nobody has run again', expect: 'own-part', verdict: 'run-again', evidence: [reveal] },
    judged('a reveal of own work', 'ok', [reveal]),
    judged('a reveal of own work, again at another rank', 'ok', [revealEnvelope(a, { ...place, rank: 2 })]),
    judged('a reveal whose own part is made up', 'own-part', [withOwn(named('made up'))]),
    judged("a reveal with another member's own part", 'own-part', [withOwn(ownOf(ownPlaceOf(b, place), TRANSCRIPT))]),
    judged('a reveal with the own part of another step', 'own-part', [withOwn(ownOf(ownPlaceOf(a, { ...place, step: 4 }), TRANSCRIPT))]),
    judged('a reveal with the own part of a digest of the transcript', 'own-part', [
      withOwn(ownOf(ownPlaceOf(a, place), sha256(TRANSCRIPT))),
    ]),
    judged('a reveal of own work, and another execution', 'own-part', [reveal], { transcript: named('another execution') }),
    judged('a reveal with another answer: a dissent', 'ok', [revealEnvelope(a, place, { answer: { fuel: 1, own: named('made up') } })]),
    judged("a stranger's reveal", 'ok', [revealEnvelope(STRANGER, place)]),
    judged("a reveal in a member's name, signed by another", 'ok', [revealEnvelope(b, place, { from: a.publicKey })]),
    judged('a reveal of another epoch', 'ok', [revealEnvelope(a, place, { epoch: GROUP.epoch + 1, answer: { own: named('made up') } })]),
  ]
}

const own = ownOf(ownPlaceOf(a, place), LONG)
const chunk = (index: number, changes: Fields = {}): Fields => ({
  index,
  bytes: chunksOf(LONG)[index] as string,
  path: pathOf(ownPlaceOf(a, place), LONG, index),
  ...changes,
})
function reply(chunks: readonly Fields[], changes: Fields = {}, key = a): string {
  const { step, batch } = place
  const value = { job: GROUP.job, epoch: GROUP.epoch, step, batch, from: a.publicKey, start: START, own, length: LONG.length / 2, chunks }
  return sign('group-challenge-reply', { ...value, ...changes } as unknown as Fields, key)
}

function replyCases(): OwnCase[] {
  const fine = (name: string, evidence: string): OwnCase => ({ name, expect: 'ok', evidence: [evidence] })
  const lie = (name: string, evidence: string): OwnCase => ({ name, expect: 'false-reply', verdict: 'proven', evidence: [evidence] })
  const path = pathOf(ownPlaceOf(a, place), LONG, 1)
  const short = named('a transcript')
  return [
    fine('a reply with each chunk', reply([0, 1, 2, 3].map((index) => chunk(index)))),
    fine('a reply with the last chunk, the shorter one', reply([chunk(4)])),
    fine(
      'a reply from a transcript of one chunk',
      reply([{ index: 0, bytes: short, path: [] }], { own: ownOf(ownPlaceOf(a, place), short), length: 32 }),
    ),
    fine('a reply without chunks', reply([])),
    lie('a reply with a chunk changed', reply([chunk(0), chunk(1, { bytes: `${named('x')}${(chunksOf(LONG)[1] as string).slice(64)}` })])),
    lie('a reply with a chunk cut', reply([chunk(1, { bytes: (chunksOf(LONG)[1] as string).slice(2) })])),
    lie('a reply with a chunk at another index', reply([chunk(1, { index: 2 })])),
    lie('a reply with an index beyond the last', reply([chunk(1, { index: 5 })])),
    lie('a reply with a path one short', reply([chunk(1, { path: path.slice(1) })])),
    lie('a reply with a path one long', reply([chunk(1, { path: [...path, named('x')] })])),
    lie('a reply with a path in another order', reply([chunk(1, { path: [...path].reverse() })])),
    lie('a reply with another length', reply([chunk(0)], { length: LONG.length / 2 - 1 })),
    lie('a reply longer than any transcript', reply([chunk(0)], { length: 2_097_153 })),
    lie('a reply under another own part', reply([chunk(0)], { own: named('own') })),
    lie('a reply to another step', reply([chunk(0)], { step: 4 })),
    fine("a reply in a member's name, signed by another", reply([chunk(0)], { own: named('own') }, b)),
    fine("a stranger's reply", reply([chunk(0)], { from: STRANGER.publicKey, own: named('own') }, STRANGER)),
  ]
}

function pairs(): OwnCase[] {
  const pair = (name: string, expect: string, ...evidence: string[]): OwnCase => ({
    name,
    expect,
    ...(expect === 'ok' ? {} : { verdict: 'proven' }),
    evidence,
  })
  const reveal = revealEnvelope(a, place, { answer: { own } })
  const other = revealEnvelope(a, place)
  return [
    pair('a reveal and a reply', 'ok', reveal, reply([chunk(0)])),
    pair('a reveal and a reply under another own part', 'two-owns', other, reply([chunk(0)])),
    pair('a reply and a reveal with another own part', 'two-owns', reply([chunk(0)]), other),
    pair('two replies under two own parts', 'two-owns', reply([chunk(0)]), reply([], { own: named('own') })),
    pair('two reveals with two own parts at two ranks', 'two-owns', reveal, revealEnvelope(a, { ...place, rank: 2 })),
    pair('two reveals with one own part', 'ok', reveal, revealEnvelope(a, { ...place, rank: 2 }, { answer: { own } })),
    pair('own parts of two steps', 'ok', reveal, revealEnvelope(a, { ...place, step: 6 })),
    pair('own parts of two batches', 'ok', reveal, revealEnvelope(a, { ...place, batch: named('another batch') })),
    pair('own parts from two states', 'ok', reveal, revealEnvelope(a, { ...place, rank: 2 }, { start: linkTo('another state') })),
    pair('own parts of two members', 'ok', reveal, revealEnvelope(b, place)),
    pair('a reply alone with a challenge', 'ok', reply([]), challengeTo(a)),
    pair('three envelopes', 'ok', other, reply([chunk(0)]), reveal),
    pair('no envelope', 'ok'),
  ]
}

function challengeTo(key: Key): string {
  const { step, batch } = place
  const value = { job: GROUP.job, epoch: GROUP.epoch, step, batch, from: b.publicKey, to: key.publicKey, draws: [1] }
  return sign('group-challenge', value as unknown as Fields, b)
}
