import { envelope, flipped, type Key, sha256, withOrderAdded } from './cose.js'
import {
  batchOf,
  certificateOf,
  encode,
  GROUP,
  memberKeys,
  type Place,
  revealEnvelope,
  revealValue,
  ruleOf,
  START,
  STRANGER,
  sealEnvelope,
} from './group.js'
import { type Fields, linkTo, named } from './maker.js'
import { OTHER_NETWORK } from './signed-cases.js'
import type { Value } from './value.js'

const STEP = 5
const keys = memberKeys(4)
const [a, b, c, d] = keys as [Key, Key, Key, Key]
const batch = batchOf(a, STEP)
const place: Place = { step: STEP, rank: 1, batch: sha256(batch) }
const reveals = keys.map((key) => revealEnvelope(key, place))
const three = reveals.slice(0, 3)
const differs = (key: Key, changes: Fields) => revealEnvelope(key, place, { answer: changes })

interface CertificateCase {
  readonly name: string
  /** Which check is asked: with the batch, without it, or as what closes the epoch. */
  readonly check: 'certificate' | 'reveals' | 'closing'
  readonly expect: string
  readonly reason?: string
  readonly shows?: Value
  readonly certificate: string
  readonly batch: string
}

const shows = (agreed: readonly number[], contradicted: readonly number[], more: Fields = {}): Value => ({
  epoch: GROUP.epoch,
  step: STEP,
  rank: 1,
  state: linkTo('the group state after'),
  unanimous: agreed.length === keys.length,
  agreed,
  contradicted,
  ...more,
})

export function certificateVectors() {
  return {
    network: GROUP.network,
    job: GROUP.job,
    epoch: GROUP.epoch,
    members: keys.map(({ publicKey }) => publicKey),
    seeds: keys.map(({ seed }) => seed),
    strangerSeed: STRANGER.seed,
    cases: [...goodCases(), ...revealCases(), ...batchCases(), ...closingCases()],
  }
}

function goodCases(): CertificateCase[] {
  const both = (name: string, certificate: string, shown: Value): CertificateCase[] =>
    (['certificate', 'reveals'] as const).map((check) => ({
      name: `${name} (${check})`,
      check,
      expect: 'ok',
      shows: shown,
      certificate,
      batch,
    }))
  const contradicting = differs(d, { root: linkTo('another state after') })
  return [
    ...both('all four agree', certificateOf(place, reveals), shows([0, 1, 2, 3], [])),
    ...both('three of four, which is q', certificateOf(place, three), shows([0, 1, 2], [])),
    ...both('three agree and one contradicts', certificateOf(place, [...three, contradicting]), shows([0, 1, 2], [3])),
    ...both('own parts may differ', certificateOf(place, [...three, differs(d, { own: named('own') })]), shows([0, 1, 2, 3], [])),
    ...both('the first member is silent', certificateOf(place, reveals.slice(1)), shows([1, 2, 3], [])),
  ]
}

/** What is wrong with the certificate or one of its reveals. */
function revealCases(): CertificateCase[] {
  const bad = (name: string, reason: string, certificate: string): CertificateCase => ({
    name,
    check: 'reveals',
    expect: 'CERTIFICATE_INVALID',
    reason,
    certificate,
    batch,
  })
  const third = (name: string, reason: string, reveal: string) => bad(name, reason, certificateOf(place, [...reveals.slice(0, 2), reveal]))
  const few = 'fewer than q matching reveals'
  const elsewhere = 'a reveal of another place'
  const signature = (three[2] as string).slice(-128)
  const payload = encode('group-reveal', revealValue(c, place))
  return [
    bad('no reveals', few, certificateOf(place, [])),
    bad('two reveals, one less than q', few, certificateOf(place, reveals.slice(0, 2))),
    third('a third with another root', few, differs(c, { root: linkTo('another state after') })),
    bad(
      'a fourth with a root that names nothing',
      'a root that names nothing',
      certificateOf(place, [...three, differs(d, { root: '00'.repeat(36) })]),
    ),
    third('a third with other responses', few, differs(c, { responses: named('responses') })),
    third('a third with other effects', few, differs(c, { effects: named('effects') })),
    third('a third with other fuel', few, differs(c, { fuel: 1 })),
    third('a third that names more steps final', few, differs(c, { final: 1 })),
    third('a third that names a step disputed', few, differs(c, { disputed: 1 })),
    bad(
      'reveals that name their own step final',
      'it names itself final',
      certificateOf(
        place,
        keys.map((key) => differs(key, { final: STEP })),
      ),
    ),
    bad(
      'two agree and two agree on something else',
      few,
      certificateOf(place, [...reveals.slice(0, 2), differs(c, { fuel: 1 }), differs(d, { fuel: 1 })]),
    ),
    bad('a reveal twice', 'reveals not in seat order', certificateOf(place, [reveals[0], reveals[1], reveals[1]] as string[])),
    bad(
      'two reveals of one member',
      'reveals not in seat order',
      certificateOf(place, [reveals[0], reveals[1], differs(b, { own: named('own') }), reveals[2]] as string[]),
    ),
    bad(
      'reveals not in the order of seats',
      'reveals not in seat order',
      certificateOf(place, [reveals[1], reveals[0], reveals[2]] as string[]),
    ),
    third('a third of another step', elsewhere, revealEnvelope(c, { ...place, step: STEP + 1 })),
    third('a third of another rank', elsewhere, revealEnvelope(c, { ...place, rank: 2 })),
    third('a third of another batch', elsewhere, revealEnvelope(c, { ...place, batch: named('another batch') })),
    third('a third from another state', 'a reveal from another state', revealEnvelope(c, place, { start: linkTo('another state before') })),
    third('a third of another epoch', 'OTHER_EPOCH', revealEnvelope(c, place, { epoch: GROUP.epoch + 1 })),
    third('a third of another job', 'OTHER_JOB', revealEnvelope(c, place, { job: linkTo('another job') })),
    third('a third of one who is no member', 'NOT_A_MEMBER', revealEnvelope(STRANGER, place)),
    third("a third in a member's name, signed by another", 'SIGNATURE_WRONG', revealEnvelope(d, place, { from: c.publicKey })),
    third('a third signed for another network', 'SIGNATURE_WRONG', revealEnvelope(c, place, {}, { network: OTHER_NETWORK })),
    third('a third signed as another version', 'SIGNATURE_WRONG', revealEnvelope(c, place, {}, { version: 2 })),
    third('a third signed as a seal', 'SIGNATURE_WRONG', revealEnvelope(c, place, {}, { number: ruleOf('group-seal').number ?? 0 })),
    third('a third with a bit of its signature turned', 'SIGNATURE_WRONG', flipped(three[2] as string, -20)),
    third('a third with S + L', 'SIGNATURE_WRONG', envelope(payload, withOrderAdded(signature))),
    third(
      'a third changed after signing',
      'SIGNATURE_WRONG',
      envelope(encode('group-reveal', revealValue(c, place, { salt: named('salt') })), signature),
    ),
    third('a seal in place of a reveal', 'MESSAGE_UNREADABLE', sealEnvelope(c, place)),
    third('a reveal without its envelope', 'MESSAGE_UNREADABLE', payload),
    bad('a certificate of another step than its reveals', elsewhere, certificateOf({ ...place, step: STEP + 1 }, reveals)),
    bad('a certificate of another rank than its reveals', elsewhere, certificateOf({ ...place, rank: 0 }, reveals)),
    bad('a certificate of another batch than its reveals', elsewhere, certificateOf({ ...place, batch: named('another batch') }, reveals)),
    bad('a certificate of another epoch', 'another job or epoch', certificateOf(place, reveals, { epoch: GROUP.epoch + 1 })),
    bad('a certificate of another job', 'another job or epoch', certificateOf(place, reveals, { job: linkTo('another job') })),
    bad('a certificate with a byte after the end', 'not readable', `${certificateOf(place, reveals)}00`),
    bad('a reveal in place of a certificate', 'not readable', reveals[0] as string),
  ]
}

/** What is wrong with the batch that comes with a good certificate. */
function batchCases(): CertificateCase[] {
  const bad = (name: string, reason: string, given: string, certificate = certificateOf(place, reveals)): CertificateCase => ({
    name,
    check: 'certificate',
    expect: 'CERTIFICATE_INVALID',
    reason,
    certificate,
    batch: given,
  })
  const certifying = (bytes: string, answer: Fields = {}) => {
    const of = { ...place, batch: sha256(bytes) }
    return certificateOf(
      of,
      keys.map((key) => revealEnvelope(key, of, { answer })),
    )
  }
  const [moved, cut] = [batchOf(a, STEP, { from: linkTo('another state before') }), batch.slice(0, -2)]
  const [clear, disputing] = [batchOf(a, STEP, { final: 3 }), batchOf(a, STEP, { disputed: 3 })]
  const rerun = batchOf(a, STEP, { epoch: GROUP.epoch - 1, final: 3, disputed: 4, from: linkTo('another state before') })
  const naming = 'reveals that name other steps than the batch'
  return [
    bad('another batch', 'another batch', batchOf(a, STEP, { timeMs: 1 })),
    bad('a batch with a bit turned', 'another batch', flipped(batch, 60)),
    bad('a certified batch that is none', 'not readable', cut, certifying(cut)),
    bad('a certified batch that runs on another state than the reveals', 'a reveal from another state', moved, certifying(moved)),
    bad('reveals that name fewer steps final than their batch', naming, clear, certifying(clear, { final: 2 })),
    bad('reveals that do not name what their batch disputes', naming, disputing, certifying(disputing)),
    bad('reveals that name what a batch of the epoch before did', naming, rerun, certifying(rerun, { final: 3, disputed: 4 })),
    {
      name: 'a batch of the epoch before, run again from another state: it names nothing',
      check: 'certificate',
      expect: 'ok',
      shows: shows([0, 1, 2, 3], []),
      certificate: certifying(rerun),
      batch: rerun,
    },
  ]
}

function closingCases(): CertificateCase[] {
  const outcomes = keys.map((_, seat) => ({ agreed: STEP - 1 - seat, late: 0, absent: seat, contradicted: 0, unresolved: 0 }))
  const closing = (changes: Fields) => batchOf(b, STEP, { final: STEP - 1, closing: true, outcomes, ...changes })
  const check = (name: string, given: string, fault?: string, answer: Fields = {}): CertificateCase => {
    const of = { ...place, batch: sha256(given) }
    const said = { root: START, final: STEP - 1, ...answer }
    const certificate = certificateOf(
      of,
      keys.map((key) => revealEnvelope(key, of, { answer: said })),
    )
    return fault === undefined
      ? { name, check: 'closing', expect: 'ok', shows: shows([0, 1, 2, 3], [], { outcomes, state: START }), certificate, batch: given }
      : { name, check: 'closing', expect: 'CERTIFICATE_INVALID', reason: fault, certificate, batch: given }
  }
  const none = 'not a closing batch of this epoch'
  const request = { id: '01'.repeat(16), ms: 1, cid: START }
  return [
    check('a closing batch', closing({})),
    check('a closing batch of a frozen epoch', closing({ final: 2, disputed: 3 }), undefined, { final: 2, disputed: 3 }),
    check('a closing batch of a group that nobody judges', closing({ disputed: 3 }), undefined, { disputed: 3 }),
    check('a batch that does not close', batchOf(b, STEP), none, { final: 0 }),
    check('a closing batch that leaves steps open', closing({ final: STEP - 2 }), none, { final: STEP - 2 }),
    check('a closing batch that leaves steps before a frozen one open', closing({ final: 1, disputed: 3 }), none, {
      final: 1,
      disputed: 3,
    }),
    check('a closing batch that changes the state', closing({}), 'a closing batch that changes the state', {
      root: linkTo('the group state after'),
    }),
    check('a closing batch with a request', closing({ requests: [request] }), none),
    check('a closing batch with an outcome too few', closing({ outcomes: outcomes.slice(1) }), none),
    check('a closing batch with an outcome too many', closing({ outcomes: [...outcomes, outcomes[0] as Value] }), none),
    check('a closing batch of the epoch before, run again', closing({ epoch: GROUP.epoch - 1 }), none, { final: 0 }),
  ]
}
