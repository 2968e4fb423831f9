import type { ContentId } from '@interpeer/crypto-ids'
import { contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { matches } from './answer.js'
import type { Group, KnownStep, Turn, Unseen } from './group-state.js'
import type { GroupState } from './state-block.js'

/** Final steps that are remembered for reveals that come late. */
const RECENT_STEPS = 16

/** With fewer outsiders than members there is no jury, and q matching answers stand whatever is said against them. */
export const isJudged = ({ setup }: Pick<Group, 'setup'>): boolean => (setup.jurors ?? 0) >= setup.members.length

export const knownStep = (g: Pick<Group, 'steps'>, step: number): KnownStep | undefined => g.steps.find((one) => one.step === step)
/** Certified, and not final as far as this member knows. */
export const provisionalSteps = ({ steps, final }: Pick<Group, 'steps' | 'final'>): readonly KnownStep[] =>
  steps.filter(({ step }) => step > final.step)

/**
 * Certified, and named neither final nor disputed by a certified batch. A step that is final because all agreed is among them: the others may not know that
 * yet, and what was shown against it counts.
 */
export function unnamedSteps(g: Pick<Group, 'steps' | 'frozen'>): readonly KnownStep[] {
  const named = namedThrough(g)
  return g.steps.filter(({ step }) => step > named && (g.frozen === 0 || step < g.frozen))
}

export function changeStep(t: Turn, step: number, changes: Partial<KnownStep>): void {
  t.g.steps = t.g.steps.map((one) => (one.step === step ? { ...one, ...changes } : one))
}

/** The steps that certified batches carry dissents against. What a batch of an earlier epoch carries is about the steps of that one. */
export function disputedIn(steps: readonly Pick<KnownStep, 'certified'>[], epoch: number): ReadonlySet<number> {
  const batches = steps.map(({ certified }) => certified.batch.value).filter((value) => value.epoch === epoch)
  return new Set(batches.flatMap(({ dissents }) => dissents.map(({ step }) => step)))
}

/** All N members revealed this step's answer alike. */
export function isUnanimous({ certified: { reveals, answer } }: KnownStep, memberCount: number): boolean {
  return reveals.size === memberCount && [...reveals.values()].every(({ value }) => matches(value.answer, answer))
}

/** The highest step that certified batches name final. */
export const namedThrough = ({ steps }: Pick<Group, 'steps'>): number =>
  steps.reduce((highest, { certified }) => Math.max(highest, certified.answer.final), 0)

/**
 * The lowest certified step that this member skipped and that still counts: the last named one, for its state, and all between it and the tip, or the frozen step.
 * Undefined: none.
 */
export function lowestMissing(g: Pick<Group, 'steps' | 'frozen' | 'base' | 'final'>): number | undefined {
  const end = g.frozen > 0 ? g.frozen : g.base.step
  for (let step = Math.max(namedThrough(g), g.final.step + 1); step < end; step++) if (knownStep(g, step) === undefined) return step
  return undefined
}

/** Whether this member skipped a step that it has not forgotten since: others certified it, and went on. What a frozen group repeated is forgotten at once. */
export const isSkipped = (g: Pick<Group, 'steps' | 'base' | 'frozen' | 'forgotten'>, step: number): boolean =>
  step > g.forgotten && step < (g.frozen > 0 ? g.frozen : g.base.step) && knownStep(g, step) === undefined

/** The lowest step that this member objected to, but for those that it came to agree with: what it was not given it may have got later. Infinity: none. */
export function objectedIn({ steps, unseen, seat }: Pick<Group, 'steps' | 'unseen' | 'seat'>): number {
  const own = steps.filter(({ dissents }) => dissents.has(seat)).map(({ step }) => step)
  const said = unseen.filter((one) => one.said !== undefined && !isAgreedOn({ steps }, one))
  return Math.min(Number.POSITIVE_INFINITY, ...own, ...said.map(({ step, fromStep }) => fromStep ?? step))
}

function isAgreedOn(g: Pick<Group, 'steps'>, { step, batchHash }: Unseen): boolean {
  const known = knownStep(g, step)
  return known?.own === 'agrees' && sameBytes(known.certified.batch.hash, batchHash)
}

/**
 * From which step on this member tells nobody what the others call final: it has not seen yet what it skipped, or objected to it. Infinity: it tells all. What it builds on, and signs, is
 * what is certified all the same.
 */
export const untoldFrom = ({ skips, objectedFrom }: Pick<Group, 'skips' | 'objectedFrom'>): number =>
  Math.min(objectedFrom, ...skips.map(({ after }) => after.step + 1))

/**
 * The last step that is final by what this member knows: one that a certified batch names, or in which all members reveal alike on a batch that names all
 * before it. Never a frozen one: the first certified naming decides (design §6).
 */
export function finalThrough({ steps, final, frozen, setup }: Pick<Group, 'steps' | 'final' | 'frozen' | 'setup'>): KnownStep | undefined {
  const named = namedThrough({ steps })
  const isFinal = (one: KnownStep) =>
    one.step <= named || (one.certified.answer.final >= one.step - 1 && isUnanimous(one, setup.members.length))
  const below = steps.filter(({ step }) => step > final.step && (frozen === 0 || step < frozen))
  return below.filter(isFinal).at(-1)
}

/** The first certificate that proves a step final to whoever holds the step's own: null where that one is enough. */
export function namingCertificate({ steps, setup }: Pick<Group, 'steps' | 'setup'>, known: KnownStep): KnownStep | null {
  if (known.certified.answer.final >= known.step - 1 && isUnanimous(known, setup.members.length)) return null
  return steps.find(({ step, certified }) => step > known.step && certified.answer.final >= known.step) ?? null
}

/**
 * The step that a batch with dissents against `carried` has to call disputed; 0: none. Where a jury decides, the lowest that was ever named; where none can, the
 * lowest that is not final yet and was named, so that whoever sees the batch call it final sees that it is unjudged.
 */
export function disputedWith(g: Pick<Group, 'steps' | 'frozen' | 'setup'>, carried: Iterable<number>): number {
  const named = isJudged(g) ? (g.frozen > 0 ? [g.frozen] : []) : unnamedSteps(g).flatMap((one) => (one.named ? [one.step] : []))
  const lowest = Math.min(...carried, ...named)
  return Number.isFinite(lowest) ? lowest : 0
}

/** Whether this member may seal a batch that names all steps up to `final` clear: now, or when. Bound batches are sealed whatever they name. */
export function mayName(t: Turn, final: number, namedDissents: ReadonlySet<number>): 'yes' | 'no' | { readonly fromMs: number } {
  const { g, nowMs } = t
  let fromMs = 0
  const missing = lowestMissing(g)
  if (missing !== undefined && missing > namedThrough(g) && missing <= final) return { fromMs: Number.POSITIVE_INFINITY } // it is asked for
  for (const one of unnamedSteps(g)) {
    if (one.step > final) break
    const isAnswered = !isJudged(g) && (one.named || namedDissents.has(one.step))
    if (one.dissents.size > 0 && !isAnswered) return 'no'
    if (!isUnanimous(one, g.setup.members.length)) fromMs = Math.max(fromMs, one.sinceMs + g.settings.dissentWindowMs)
  }
  return fromMs <= nowMs ? 'yes' : { fromMs }
}

/** The highest step that this member can name now. */
export function nameable(t: Turn, namedDissents: ReadonlySet<number>): number {
  let highest = namedThrough(t.g)
  for (const { step } of unnamedSteps(t.g)) {
    if (mayName(t, step, namedDissents) !== 'yes') break
    highest = Math.max(highest, step)
  }
  return highest
}

/** When the next window ends that a naming waits for. */
export function nextWindowMs({ g, nowMs }: Turn): number | undefined {
  const open = unnamedSteps(g).filter((one) => !isUnanimous(one, g.setup.members.length))
  const ends = open.map(({ sinceMs }) => sinceMs + g.settings.dissentWindowMs).filter((ms) => ms > nowMs)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

/** Whether a step after this member's last one begins from something else than that came to. What a frozen group repeats does, and is none. */
export const isElsewhere = (
  { base }: Pick<Group, 'base'>,
  { answer, start }: { readonly answer: Pick<KnownStep['certified']['answer'], 'disputed'>; readonly start: ContentId },
): boolean => answer.disputed === 0 && start !== base.root

/** A state that this member holds in memory, by its root. */
export function stateAt(
  { base, final, steps, before }: Pick<Group, 'base' | 'final' | 'steps' | 'before'>,
  root: ContentId,
): GroupState | undefined {
  return [base, final, ...steps, before].find((one) => one?.state?.root === root)?.state
}

/** The group state before a step; undefined where this member skipped it. */
export function rootBefore({ final, steps, setup }: Pick<Group, 'final' | 'steps' | 'setup'>, step: number): ContentId | undefined {
  if (step === 1) return setup.start
  if (final.step === step - 1) return final.root
  const before = steps.find((one) => one.step === step - 1)
  return before === undefined ? undefined : contentIdOfBytes(before.certified.answer.root)
}

/**
 * Forgets final steps beyond the last few, and what a frozen group made of its frozen step: what all those batches named, the newest names too. Only so do record
 * and show hold all that counts, though dissents may freeze ever lower steps.
 */
export function trimSteps(t: Turn): void {
  const { g } = t
  const isKept = ({ step, certified }: KnownStep) => step === g.base.step || step <= g.frozen || certified.answer.disputed === 0
  const kept = g.frozen === 0 ? g.steps : g.steps.filter(isKept)
  const recent = kept.filter(({ step }) => step <= g.final.step).slice(-RECENT_STEPS)
  const steps = [...recent, ...kept.filter(({ step }) => step > g.final.step)]
  const dropped = g.steps.filter(({ step }) => step <= g.final.step && !steps.some((one) => one.step === step))
  g.forgotten = Math.max(g.forgotten, ...dropped.map(({ step }) => step))
  g.steps = steps
}
