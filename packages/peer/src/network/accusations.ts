import { type ContentId, contentIdOfBytes, type JobId, jobIdOf, openMessage, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { type Moment, SchedulerError } from '@interpeer/job-scheduler'
import { type Accusation, type AccusationFinding, accusationId, accusationMessage, accusationVerdict } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import type { DrawnJury } from './draw-jury.js'
import { NetworkError } from './errors.js'
import type { NetworkState } from './network-state.js'

/** One member's accusation of another before the chain (docs/protocol/jury.md, 47). It stops nothing: the group goes on meanwhile. */
export interface AccusationCase extends Omit<DrawnJury, 'jury'> {
  /** Hexadecimal. */
  readonly id: string
  readonly job: JobId
  readonly epoch: number
  /** Those of that epoch, which may be over when it is judged. */
  readonly members: readonly PeerId[]
  /** The group state that the epoch began from. */
  readonly start: ContentId
  readonly accuser: PeerId
  readonly accused: PeerId
  readonly kind: Accusation['kind']
  /** SHA-256: the name of a raw block. */
  readonly evidence: Uint8Array
  readonly recordedHeight: number
  /** Null until the next block, whose seed draws it. Empty: there is none. */
  readonly jury: readonly PeerId[] | null
  /** One of each juror. */
  readonly verdicts: readonly { readonly juror: PeerId; readonly finding: AccusationFinding }[]
  /** `settled`: the accused was found to lie in another case of this epoch first. */
  readonly outcome: 'open' | 'unjudged' | 'settled' | AccusationFinding
  /** Who leaves its seat for it. */
  readonly leave: readonly PeerId[]
  /** The epoch in which it was judged, or in which a recovery began last so that `leave` is done; 0: none yet. And how many did. */
  readonly askedEpoch: number
  readonly asked: number
}
/** By id. */
export type Accusations = ReadonlyMap<string, AccusationCase>

/** Who is to leave its seat in an epoch that is being recovered. */
export const expelledFrom = (accusations: Accusations, job: JobId, epoch: number): readonly PeerId[] =>
  [...accusations.values()].filter((one) => one.job === job && one.askedEpoch === epoch).flatMap(({ leave }) => leave)

/** Those of the same member in the same epoch. */
const othersAgainst = (accusations: Accusations, { job, epoch, accused }: Pick<AccusationCase, 'job' | 'epoch' | 'accused'>) =>
  [...accusations.values()].filter((one) => one.job === job && one.epoch === epoch && one.accused === accused)
/** Whether a jury found that the accused lied in that epoch: once is enough, whoever else noticed. */
export const isFoundLying = (accusations: Accusations, of: Pick<AccusationCase, 'job' | 'epoch' | 'accused'>): boolean =>
  othersAgainst(accusations, of).some(({ accused, leave }) => leave.includes(accused))

/**
 * Records an accusation: signed by a member of the job's running epoch, or of the one before for some time, of another one. Each accuses once in an epoch; none comes after one that was upheld. Several of one member may be open, for an
 * accomplice of its could hold the only place with what is no evidence; but one by each evidence that does not name its
 * accuser, which is judged once.
 * @throws {NetworkError} ACCUSATION_STRANGER, ACCUSATION_KNOWN, ACCUSATION_OPEN (another may come later), DISPUTE_UNJUDGED: fewer than N jurors could be drawn
 * @throws {SchedulerError} JOB_UNKNOWN, EPOCH_OTHER @throws {CryptoError} @throws {WireError}
 */
export function recordAccusation(
  state: NetworkState,
  envelope: Uint8Array,
  { height, timeMs }: Pick<Moment, 'height' | 'timeMs'>,
): NetworkState {
  const said = openMessage(accusationMessage, envelope, state.network, ({ from }) => peerIdOfKey(from))
  const job = jobIdOf(contentIdOfBytes(said.job))
  const entry = state.jobs.get(job)
  if (entry === undefined || entry.state !== 'running') throw new SchedulerError({ code: 'JOB_UNKNOWN', job })
  const { epoch } = said
  const last = state.closedEpochs.get(job)
  // it is forgotten with a block of that time or later, and blocks may have been long in coming
  const closed = last !== undefined && timeMs <= last.untilMs ? last : undefined
  const { number: current, jurors } = entry.epoch
  if (epoch !== current && epoch !== closed?.epoch) throw new SchedulerError({ code: 'EPOCH_OTHER', current, given: epoch })
  const { members, start } = closed?.epoch === epoch ? closed : entry.epoch
  const [accuser, accused] = [peerIdOfKey(said.from), peerIdOfKey(said.accused)]
  if (accuser === accused || !members.includes(accuser) || !members.includes(accused)) {
    throw new NetworkError({ code: 'ACCUSATION_STRANGER' })
  }
  // of one that is over it is known only where a jury could be drawn
  if (epoch === current && jurors < members.length) throw new NetworkError({ code: 'DISPUTE_UNJUDGED' })
  const { kind, evidence } = said
  const hasAccused = [...state.accusations.values()].some((one) => one.job === job && one.epoch === epoch && one.accuser === accuser)
  const pair = { job, epoch, accuser, accused }
  if (hasAccused || isFoundLying(state.accusations, pair)) throw new NetworkError({ code: 'ACCUSATION_KNOWN' })
  // what shows a read is signed by its accuser: another that names the same only keeps that one from being heard
  const isSame = (one: AccusationCase) =>
    kind !== 'read' && one.outcome === 'open' && one.kind === kind && sameBytes(one.evidence, evidence)
  if (othersAgainst(state.accusations, pair).some(isSame)) throw new NetworkError({ code: 'ACCUSATION_OPEN' })
  const id = hexOf(accusationId(state.network, pair))
  const about = { ...pair, id, members, start, kind, evidence, recordedHeight: height }
  const times = { fetchUntilMs: 0, answerUntilMs: 0, deadlineMs: 0 }
  const open = { jury: null, ratings: new Map(), verdicts: [], outcome: 'open', leave: [], askedEpoch: 0, asked: 0 } as const
  return { ...state, accusations: new Map(state.accusations).set(id, { ...about, ...times, ...open }) }
}

/** @throws {NetworkError} DISPUTE_UNKNOWN: there is none of that id, or it is decided or past its deadline; VERDICT_STRANGER, VERDICT_KNOWN */
export function recordAccusationVerdict(state: NetworkState, envelope: Uint8Array, { timeMs }: { readonly timeMs: number }): NetworkState {
  const said = openMessage(accusationVerdict, envelope, state.network, ({ from }) => peerIdOfKey(from))
  const one = state.accusations.get(hexOf(said.accusation))
  if (one === undefined || one.jury === null || one.outcome !== 'open' || timeMs > one.deadlineMs) {
    throw new NetworkError({ code: 'DISPUTE_UNKNOWN' })
  }
  const juror = peerIdOfKey(said.from)
  if (!one.jury.includes(juror)) throw new NetworkError({ code: 'VERDICT_STRANGER' })
  if (one.verdicts.some((other) => other.juror === juror)) throw new NetworkError({ code: 'VERDICT_KNOWN' })
  const taken = { ...one, verdicts: [...one.verdicts, { juror, finding: said.finding }] }
  return { ...state, accusations: new Map(state.accusations).set(one.id, taken) }
}
