import { bytesOfContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { accuse } from './accuse.js'
import { NO_BATCH } from './ancestors.js'
import { matches } from './answer.js'
import type { ShownBy } from './api.js'
import type { ReadReveals } from './certificate.js'
import { count, type Group, type LookedAt, type Skip, type Turn, type Unseen } from './group-state.js'
import { accuseHiders } from './hidden-lock.js'
import { wayTo } from './jury/bring.js'
import type { Reveal } from './messages.js'
import { BRANCHES_LOOKED_AT_MAX, BRANCHES_MAX } from './settings.js'
import { isJudged, knownStep } from './steps.js'
import { mayBring } from './stretch.js'

/** A certified step, as its certificate shows it. */
export type Branch = Pick<ReadReveals, 'epoch' | 'step' | 'rank' | 'batchHash' | 'answer' | 'unanimous' | 'start' | 'reveals'> & {
  readonly certificate: Uint8Array
}

/**
 * A certificate of another branch of the epoch: of a step that this member knows by another batch, or of the next one on another batch than it knows. Only 2q-N members that sign for both can
 * make one, so they may have kept this member out of it: it has that run, from before the branch, whatever it knows of the same steps (ADR 0044).
 */
export function noteBranch(t: Turn, branch: Branch, of: ShownBy = 'anyone'): undefined {
  const { g } = t
  const { step, rank, batchHash, start, certificate, reveals } = branch
  accuseDouble(t, step, reveals)
  accuseHiders(t, reveals, knownStep(g, step)?.timeouts ?? [])
  const own = reveals.find(({ seat }) => seat === g.seat)
  // what a frozen group repeats comes to nothing, and who revealed as is certified was not kept out of it
  if (branch.answer.disputed > 0 || (own !== undefined && matches(own.value.answer, branch.answer))) return
  const from = beforeBranch(g, branch)
  if (isLookedAt(g, branch)) return
  if (!mayNoteBranch(g, batchHash, of) || from === undefined) return count(t, 'BRANCH_NOT_RUN')
  if (own !== undefined) return tellOwn(t, branch, own.envelope, from)
  const place = { step, rank, batchHash, start: contentIdOfBytes(start), root: contentIdOfBytes(branch.answer.root), certificate }
  g.skips = [...g.skips, { ...from, ...place, sinceMs: t.nowMs, ran: from.after.step, isAudited: false, isBranch: true }]
}

/** Who revealed two things at one rank of a step that this member still knows. */
export function accuseDouble(t: Turn, step: number, reveals: ReadReveals['reveals']): void {
  for (const { seat, value, envelope } of reveals) {
    const own = knownStep(t.g, step)?.certified.reveals.get(seat)
    const isOther = own !== undefined && !(isSamePlace(own.value, value) && matches(own.value.answer, value.answer))
    if (isOther && own.value.rank === value.rank) accuse(t, 'two-reveals', seat, own.envelope, envelope)
  }
}

const isSamePlace = (a: Pick<Reveal, 'batch' | 'start'>, b: Pick<Reveal, 'batch' | 'start'>): boolean =>
  sameBytes(a.batch, b.batch) && sameBytes(a.start, b.start)

/** It ran that, and what it came to is signed; it begins from what this member knows, or it would not have run it. */
function tellOwn(t: Turn, { step, certificate, ...rest }: Branch, own: Uint8Array, { after, way }: Pick<Skip, 'after' | 'way'>): undefined {
  const { g } = t
  if (after.step !== step - 1) return
  rememberBranch(t, rest)
  g.objectedFrom = Math.min(g.objectedFrom, step)
  t.effects.push({ type: 'dispute', step, certificate, batch: null, dissents: [own], way })
}

/** Whether it looks at one more branch. Cheap: before its signatures are checked. Of one batch it looks at one certificate at a time. */
export function mayNoteBranch(
  { seat, setup, skips }: Pick<Group, 'seat' | 'setup' | 'skips'>,
  batchHash: Uint8Array,
  of: ShownBy,
): boolean {
  const branches = skips.filter(({ isBranch }) => isBranch)
  const isAtIt = skips.some((one) => sameBytes(one.batchHash, batchHash))
  return seat >= 0 && isJudged({ setup }) && !isAtIt && branches.length < BRANCHES_MAX[of]
}

/** What it ran and had nothing to say against, or told the chain of at once: of these it remembers the last. */
export function rememberBranch({ g }: Turn, { batchHash, start, answer }: LookedAt): void {
  g.lookedAt = [...g.lookedAt, { batchHash, start, answer }].slice(-BRANCHES_LOOKED_AT_MAX)
}
/** Another certificate of the same batch may be of another answer. */
export const isLookedAt = ({ lookedAt }: Pick<Group, 'lookedAt'>, { batchHash, start, answer }: LookedAt): boolean =>
  lookedAt.some((one) => sameBytes(one.batchHash, batchHash) && sameBytes(one.start, start) && matches(one.answer, answer))

/** The step of this number was taken up by another batch than one that this member was shown and waits for: that is of another branch then. */
export function noteOthers(t: Turn, step: number, batchHash: Uint8Array): void {
  const { g } = t
  const isOther = (one: Unseen) => one.said === undefined && one.step === step && !sameBytes(one.batchHash, batchHash)
  const others = g.unseen.filter(isOther)
  if (others.length === 0) return
  g.unseen = g.unseen.filter((one) => !isOther(one))
  for (const one of others) noteBranch(t, one, one.shownBy)
}

/** What was said already of a branch that is shown again; undefined: nothing yet. */
export const saidOfBranch = ({ unseen }: Pick<Group, 'unseen'>, batchHash: Uint8Array): Uint8Array | undefined =>
  unseen.find((one) => sameBytes(one.batchHash, batchHash))?.said

/**
 * From where what leads to a step of another branch is to be run: the step before it, where it runs on what that came to, and else the one before that, for the branch may begin between. Undefined:
 * this member does not know that any more, or jurors would not run as much.
 */
export function beforeBranch(g: Group, branch: Omit<Branch, 'reveals'>): Pick<Skip, 'after' | 'way'> | undefined {
  const near = placeAfter(g, branch.step - 1)
  const isNear = near !== undefined && sameBytes(branch.start, bytesOfContentId(near.state))
  const after = isNear ? near : placeAfter(g, branch.step - 2)
  const way = after && wayTo(g, after.step, branch)
  if (after === undefined || way === undefined || !mayBring(way, branch.step - 1 - after.step, branch.step)) return undefined
  return { after, way }
}
function placeAfter(g: Group, step: number): Skip['after'] | undefined {
  if (step === 0) return { step, batch: NO_BATCH, state: g.setup.start }
  const known = knownStep(g, step)?.certified
  return known === undefined ? undefined : { step, batch: known.batch.hash, state: contentIdOfBytes(known.answer.root) }
}

/** Whether a later step runs on something else than what this member's step before it came to. What a frozen group repeats does, on its own branch too. */
export function isOnOther(g: Pick<Group, 'steps'>, { step, start, answer }: Pick<Branch, 'step' | 'start' | 'answer'>): boolean {
  const before = knownStep(g, step - 1)?.certified
  return before !== undefined && answer.disputed === 0 && !sameBytes(start, before.answer.root)
}
