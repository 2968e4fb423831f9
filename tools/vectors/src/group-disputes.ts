import { bstr, flipped, type Key, type SignedAs, sha256 } from './cose.js'
import {
  answerFor,
  batchOf,
  certificateOf,
  encode,
  GROUP,
  memberKeys,
  type Place,
  revealEnvelope,
  START,
  STRANGER,
  sealEnvelope,
  sign,
} from './group.js'
import { type Fields, linkTo, named, sealOf, uint } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'
import type { Value } from './value.js'

const keys = memberKeys(4)
const [a, b, c, d] = keys as [Key, Key, Key, Key]
const q = [a, b, c]
const rootOf = (step: number): string => (step === 0 ? START : linkTo(`the group state after ${step}`))
/** Steps 1 to 3; the third names the first final. */
const batches = [1, 2, 3].map((step) => batchOf(a, step, { from: rootOf(step - 1), final: step === 3 ? 1 : 0 }))
/** Further on than jurors run. */
const FAR = 70
const farBatch = batchOf(a, FAR, { from: rootOf(FAR - 1) })
const placeOf = (step: number, rank = 0): Place => ({ step, rank, batch: sha256(step === FAR ? farBatch : (batches[step - 1] as string)) })
const answer = (step: number): Fields => ({ root: rootOf(step), final: step === 3 ? 1 : 0 })
const reveal = (key: Key, step: number, changes: Fields = {}, rank = 0): string =>
  revealEnvelope(key, placeOf(step, rank), { start: rootOf(step - 1), answer: answer(step), ...changes })
const certified = (step: number, of: readonly Key[] = q): string =>
  certificateOf(
    placeOf(step),
    of.map((key) => reveal(key, step)),
  )
const steps = [1, 2, 3].map((step) => certified(step))
const lie: Fields = { root: linkTo('a lie') }

function dissent(key: Key, step: number, changes: Fields = {}, as: Partial<SignedAs> = {}): string {
  const { job, epoch } = GROUP
  const value = {
    job,
    epoch,
    ...placeOf(step),
    from: key.publicKey,
    start: rootOf(step - 1),
    answer: answerFor(key, placeOf(step), lie),
    ...changes,
  }
  return sign('group-dissent', value as unknown as Fields, key, as)
}
function withheld(key: Key, step: number, changes: Fields = {}): string {
  const { job, epoch } = GROUP
  return sign('group-withheld', { job, epoch, ...placeOf(step), from: key.publicKey, stretch: null, ...changes } as unknown as Fields, key)
}
const seals = keys.map((key) => sealEnvelope(key, placeOf(2)))
function timeout(
  key: Key,
  rank: number,
  bound: Value = { rank: 0, batch: placeOf(2).batch, seals: seals.slice(0, 3) },
  changes: Fields = {},
): string {
  const { job, epoch } = GROUP
  const value = {
    job,
    epoch,
    step: 2,
    rank,
    from: key.publicKey,
    previous: placeOf(1).batch,
    bound,
    dissents: [],
    abstained: false,
    ...changes,
  }
  return sign('group-timeout', value as unknown as Fields, key)
}

const objection = (...statements: readonly string[]): Value => ({ type: 'objection', statements })
const split = (reveals: readonly string[], rank = 0): Value => ({ type: 'split', rank, reveals })
const bound = (timeouts: readonly string[], given: readonly string[] = seals.slice(0, 3)): Value => ({
  type: 'bound',
  rank: 0,
  seals: given,
  timeouts,
})
const dispute = (evidence: Value, changes: Fields = {}): string =>
  encode('group-dispute', {
    job: GROUP.job,
    epoch: GROUP.epoch,
    step: 2,
    batch: placeOf(2).batch,
    base: null,
    steps,
    evidence,
    ...changes,
  } as unknown as Fields)

const farDispute = (stretch: { readonly after: number; readonly through: number } | null, before: readonly string[] = []): string =>
  dispute(objection(withheld(d, FAR, { stretch })), { step: FAR, batch: placeOf(FAR).batch, steps: [...before, certified(FAR)] })

interface DisputeCase {
  readonly name: string
  readonly expect: string
  readonly reason?: string
  readonly shows?: Value
  readonly dispute: string
}

/** What is brought to the chain against a step of a group of four, or about one that it can't certify. */
export function disputeVectors() {
  return {
    network: GROUP.network,
    job: GROUP.job,
    epoch: GROUP.epoch,
    start: START,
    members: keys.map(({ publicKey }) => publicKey),
    seeds: keys.map(({ seed }) => seed),
    strangerSeed: STRANGER.seed,
    cases: [...goodCases(), ...badObjections(), ...badChains(), ...badOthers()],
  }
}

const idOf = (step: number, back: readonly string[] = []): string =>
  sealOf('interpeer-group-dispute', [
    bstr(GROUP.network),
    bstr(GROUP.job),
    uint(GROUP.epoch),
    uint(step),
    bstr(placeOf(step).batch),
    bstr(rootOf(step - 1)),
    ...back,
  ])
function goodCases(): DisputeCase[] {
  const good = (
    name: string,
    given: string,
    kind: string,
    statements: readonly number[],
    path: readonly number[],
    later: readonly number[],
    base = 0,
  ): DisputeCase => ({
    name,
    expect: 'ok',
    shows: { id: idOf(2), kind, step: 2, base, path, later, statements },
    dispute: given,
  })
  const before = { steps: steps.slice(0, 1) }
  const far = (name: string, after: number, path: readonly number[], back: readonly string[]): DisputeCase => ({
    name,
    expect: 'ok',
    shows: {
      id: idOf(FAR, [uint(after), uint(after + 64), bstr(d.publicKey), ...back]),
      kind: 'objection',
      step: FAR,
      base: 0,
      path,
      later: [],
      statements: [3],
    },
    dispute: farDispute({ after, through: after + 64 }, steps.slice(0, path.length)),
  })
  const mixed = [reveal(a, 2), reveal(b, 2, { answer: lie }), reveal(c, 2, { answer: { root: linkTo('another lie') } })]
  return [
    good('a dissent', dispute(objection(dissent(d, 2))), 'objection', [3], [1], [3]),
    good('a reveal with another answer', dispute(objection(reveal(d, 2, { answer: lie }))), 'objection', [3], [1], [3]),
    good('a reveal of another rank', dispute(objection(reveal(d, 2, { answer: lie }, 7))), 'objection', [3], [1], [3]),
    good('a withheld batch', dispute(objection(withheld(d, 2))), 'objection', [3], [1], [3]),
    far('a stretch that begins from what its first batch names', 5, [], []),
    far('a stretch that begins at the last certified step', 2, [1, 2], [bstr(rootOf(2))]),
    good('without the steps after', dispute(objection(dissent(d, 2)), { steps: steps.slice(0, 2) }), 'objection', [3], [1], []),
    good(
      'from a step that a later one names final',
      dispute(objection(dissent(d, 2)), { base: steps[0] as string, steps: steps.slice(1) }),
      'objection',
      [3],
      [],
      [3],
      1,
    ),
    good(
      'from a step that all agreed on',
      dispute(objection(dissent(d, 2)), { base: certified(1, keys), steps: steps.slice(1, 2) }),
      'objection',
      [3],
      [],
      [],
      1,
    ),
    good('three reveals, no two alike', dispute(split(mixed), before), 'split', [0, 1, 2], [1], []),
    good('a commit set and time-outs four ranks later', dispute(bound(q.map((key) => timeout(key, 4))), before), 'bound', [], [1], []),
    good(
      'one of the time-outs with the commit set',
      dispute(bound([timeout(a, 9), timeout(b, 9, null), timeout(d, 9, null)]), before),
      'bound',
      [],
      [1],
      [],
    ),
  ]
}

const bad = (name: string, reason: string, given: string): DisputeCase => ({ name, expect: 'DISPUTE_INVALID', reason, dispute: given })
function badObjections(): DisputeCase[] {
  const [agreed, place] = ['a statement of a member that agreed', 'of another batch']
  return [
    bad('no statement', 'no statement', dispute(objection())),
    bad('two statements of one member', 'a member twice', dispute(objection(dissent(d, 2), withheld(d, 2)))),
    bad('a dissent of one who agreed', agreed, dispute(objection(dissent(a, 2)))),
    bad('withheld from one who agreed', agreed, dispute(objection(withheld(a, 2)))),
    bad(
      'a dissent that says the same',
      'the certified answer',
      dispute(objection(dissent(d, 2, { answer: answerFor(d, placeOf(2), answer(2)) }))),
    ),
    bad('many steps that nobody shows, and no stretch', 'more steps than jurors run', farDispute(null)),
    bad('a stretch of more steps than jurors run', 'a stretch of other steps', farDispute({ after: 5, through: 70 })),
    bad('a stretch that ends before it begins', 'a stretch of other steps', farDispute({ after: 5, through: 5 })),
    bad('a stretch after the disputed step', 'a stretch of other steps', farDispute({ after: 60, through: 71 })),
    bad('a stretch of what is certified', 'a stretch of other steps', farDispute({ after: 1, through: 65 }, steps.slice(0, 2))),
    bad(
      'a stretch of steps that are all shown',
      'a stretch of steps that jurors run all',
      dispute(objection(withheld(d, 2, { stretch: { after: 0, through: 2 } }))),
    ),
    bad('a dissent of another step', 'of another step', dispute(objection(dissent(d, 3)))),
    bad('a dissent of another batch', place, dispute(objection(dissent(d, 2, { batch: named('another batch') })))),
    bad('another batch that was withheld', place, dispute(objection(withheld(d, 2, { batch: named('another batch') })))),
    bad('a dissent from another state', 'from another state', dispute(objection(dissent(d, 2, { start: START })))),
    bad('a dissent of another epoch', 'OTHER_EPOCH', dispute(objection(dissent(d, 2, { epoch: GROUP.epoch + 1 })))),
    bad('a dissent of one who is no member', 'NOT_A_MEMBER', dispute(objection(dissent(STRANGER, 2)))),
    bad("a dissent in a member's name, signed by another", 'SIGNATURE_WRONG', dispute(objection(dissent(c, 2, { from: d.publicKey })))),
    bad('a dissent for another network', 'SIGNATURE_WRONG', dispute(objection(dissent(d, 2, {}, { network: OTHER_NETWORK })))),
    bad('a bit of the signature turned', 'SIGNATURE_WRONG', dispute(objection(flipped(dissent(d, 2), -10)))),
    bad('a seal in place of a statement', 'MESSAGE_UNREADABLE', dispute(objection(seals[3] as string))),
  ]
}
function badChains(): DisputeCase[] {
  const evidence = objection(dissent(d, 2))
  const [first, second, third] = steps as [string, string, string]
  const [gap, missing] = ['a step that does not follow', 'steps are missing before the disputed one']
  const elsewhere = certificateOf(
    placeOf(2),
    q.map((key) => reveal(key, 2, { start: START })),
  )
  return [
    bad('without the step before', gap, dispute(evidence, { steps: [second, third] })),
    bad('a step left out', gap, dispute(evidence, { steps: [first, third] })),
    bad('steps the other way round', gap, dispute(evidence, { steps: [second, first] })),
    bad('a step from another state than the one before made', gap, dispute(evidence, { steps: [first, elsewhere] })),
    bad('without the disputed step', 'no certificate of the disputed step', dispute(evidence, { steps: [first] })),
    bad('no steps', missing, dispute(evidence, { steps: [] })),
    bad('a base after the disputed step', missing, dispute(evidence, { base: certified(1, keys), steps: [second, third], step: 1 })),
    bad('a base that nobody names final', 'a base that is not final', dispute(evidence, { base: first, steps: [second] })),
    bad('two reveals, less than q', 'fewer than q matching reveals', dispute(evidence, { steps: [first, certified(2, [a, b])] })),
    bad('another batch than the certificate names', 'another batch', dispute(evidence, { batch: named('another batch') })),
    bad('another epoch', 'another job or epoch', dispute(evidence, { epoch: GROUP.epoch + 1 })),
    bad('another job', 'another job or epoch', dispute(evidence, { job: linkTo('another job') })),
    bad('no dispute', 'not readable', '80'),
  ]
}
function badOthers(): DisputeCase[] {
  const before = { steps: steps.slice(0, 1) }
  const lies = [reveal(a, 2), reveal(b, 2, { answer: lie })]
  const timeouts = (rank: number) => q.map((key) => timeout(key, rank))
  const two = timeouts(4).slice(0, 2)
  const wrong = (name: string, reason: string, evidence: Value) => bad(name, reason, dispute(evidence, before))
  const short: Value = { rank: 0, batch: placeOf(2).batch, seals: seals.slice(0, 2) }
  return [
    bad('a split step with its certificate', 'a certificate of a step that is said to have none', dispute(split(lies))),
    wrong('two reveals that differ', 'reveals that can still reach q', split(lies)),
    wrong('no reveals', 'reveals that can still reach q', split([])),
    wrong('a reveal twice', 'a member twice', split([...lies, lies[0] as string])),
    wrong(
      'a reveal of another rank among them',
      'of another rank',
      split([...lies, reveal(c, 2, { answer: { root: linkTo('another lie') } }, 1)]),
    ),
    wrong('a reveal from another state', 'from another state', split([...lies, reveal(c, 2, { start: START })])),
    wrong('time-outs three ranks later', 'time-outs of too low a rank', bound(timeouts(3))),
    wrong('two time-outs, less than q', 'fewer than q time-outs', bound(two)),
    wrong('a time-out twice', 'a member twice', bound([...two, two[0] as string])),
    wrong('time-outs of two ranks', 'time-outs of several ranks', bound([...two, timeout(c, 5)])),
    wrong('a time-out of another step', 'of another step', bound([...two, timeout(c, 4, null, { step: 3 })])),
    wrong('time-outs that hold no commit set', 'time-outs that do not bind the batch', bound(q.map((key) => timeout(key, 4, null)))),
    wrong('a time-out with two seals', 'a time-out with a false commit set', bound([...two, timeout(c, 4, short)])),
    wrong('two seals, less than q', 'not a commit set', bound(timeouts(4), seals.slice(0, 2))),
    wrong('a seal of another rank', 'not a commit set', bound(timeouts(4), [...seals.slice(0, 2), sealEnvelope(c, placeOf(2, 1))])),
  ]
}
