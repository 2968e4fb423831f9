import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { type Infer, sameBytes } from '@interpeer/wire-codec'
import { NO_BATCH } from './ancestors.js'
import { matches } from './answer.js'
import type { GroupSetup, ShownBy } from './api.js'
import { accuseDouble, isLookedAt, mayNoteBranch } from './branches.js'
import { provesFinal, type ReadReveals, readReveals, rootShown, writeCertificate } from './certificate.js'
import type { Group, KnownStep, Skip, Turn } from './group-state.js'
import type { PathStep } from './jury/bring.js'
import { DISPUTE_STEPS_MAX } from './jury/settings.js'
import type { certificateMessage } from './messages.js'
import { isUnanimous } from './steps.js'

/** What this member took up in the epoch, the last step first. Steps are added, and none is forgotten: of what it knows no more it can still tell whether another certificate says something else. */
export interface Past {
  readonly step: number
  readonly batchHash: Uint8Array
  readonly root: ContentId
  /** Of some, so that there is one to begin from. */
  readonly certified?: PathStep
  readonly before: Past | undefined
}
/** Of so many steps one keeps its certificate: fewer than jurors run. */
const CERTIFIED_EVERY = 32

/** With one step more, as this member knows it. */
export function withPast(before: Past | undefined, known: KnownStep, { epoch, members }: Pick<GroupSetup, 'epoch' | 'members'>): Past {
  const { step, certified } = known
  const { answer, batch, start, certificate } = certified
  const of = { step, batchHash: batch.hash, root: contentIdOfBytes(answer.root), before }
  if (step % CERTIFIED_EVERY !== 0) return of
  const unanimous = isUnanimous(known, members.length)
  return { ...of, certified: { epoch, step, answer, unanimous, start: bytesOfContentId(start), certificate } }
}
/** What a record kept of it: the last steps. */
export const pastOf = (steps: readonly KnownStep[], setup: Pick<GroupSetup, 'epoch' | 'members'>): Past | undefined =>
  steps.reduce<Past | undefined>((before, known) => withPast(before, known, setup), undefined)

function pastAt({ past }: Pick<Group, 'past'>, step: number): Past | undefined {
  let one = past
  while (one !== undefined && one.step > step) one = one.before
  return one?.step === step ? one : undefined
}

/**
 * The chain goes by a certificate of a step that this member took up: as the base of a dispute, say, after which a jury drops something, or as a closing. If it says something else than this member knows, of the same batch or
 * by another one, q colluders signed what nobody came to, and the next epoch might begin from it: so that is run, as another branch is, from what this member has a certificate of.
 */
export function lookAtPast(t: Turn, certificate: Uint8Array, shown: Infer<typeof certificateMessage>, by: ShownBy): undefined {
  const { g } = t
  const { step, batch } = shown
  const known = by === 'anyone' ? undefined : pastAt(g, step)
  if (known === undefined || (sameBytes(known.batchHash, batch) && rootShown(shown, g.setup.members.length) === known.root)) return
  if (!mayNoteBranch(g, batch, by)) return
  const read = readReveals(certificate, g.verifier)
  const { answer, reveals, rank, start } = read
  accuseDouble(t, step, reveals)
  const own = reveals.find(({ seat }) => seat === g.seat)
  if (answer.disputed > 0 || isLookedAt(g, read) || (own !== undefined && matches(own.value.answer, answer))) return
  // what it said there itself is no withheld statement's: the certificate holds without it
  const others = own === undefined ? certificate : writeCertificate(reveals.filter((one) => one !== own))
  const place = { step, rank, batchHash: batch, start: contentIdOfBytes(start), root: read.state, certificate: others }
  g.skips = [...g.skips, { ...placeBefore(g, read), ...place, sinceMs: t.nowMs, isAudited: false, isBranch: true }]
}

/** From the last step before it that it has a certificate of, if that is near enough and the other one names it final; else from the epoch's beginning, of which it is the last stretch where that is far. */
function placeBefore(
  g: Pick<Group, 'past' | 'setup'>,
  { step, ...read }: Pick<ReadReveals, 'step' | 'epoch' | 'answer' | 'start' | 'unanimous'>,
): Pick<Skip, 'after' | 'way' | 'ran'> {
  const later = { ...read, step, certificate: new Uint8Array() }
  for (let one = g.past; one !== undefined && one.step >= step - DISPUTE_STEPS_MAX; one = one.before) {
    const { certified } = one
    if (one.step >= step || certified === undefined || ![undefined, later].some((by) => provesFinal(certified, by))) continue
    return { after: { step: one.step, batch: one.batchHash, state: one.root }, way: { base: certified, path: [] }, ran: one.step }
  }
  const ran = Math.max(0, step - DISPUTE_STEPS_MAX)
  return { after: { step: 0, batch: NO_BATCH, state: g.setup.start }, way: { base: undefined, path: [] }, ran }
}
