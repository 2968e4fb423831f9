import { bytesOfContentId, type ContentId, peekPayload } from '@interpeer/crypto-ids'
import { type Infer, sameBytes } from '@interpeer/wire-codec'
import type { GroupEffect } from '../api.js'
import { readBatch } from '../batch.js'
import { type CertifiedReveals, provesFinal, rootShown, writeCertificate } from '../certificate.js'
import type { Group, KnownStep } from '../group-state.js'
import { certificateMessage, revealMessage, sealMessage } from '../messages.js'
import { isUnanimous } from '../steps.js'
import { disputeMessage } from './messages.js'
import { DISPUTE_STEPS_MAX } from './settings.js'

/** What a member tells for the chain. */
export type DisputeEffect = GroupEffect & { readonly type: 'dispute' | 'stuck' }

/**
 * The group-dispute that a member brings to the chain, from what it knows of the epoch: with the certificates from the last step that they prove final, so that it
 * holds by itself (jury.md, 3 and 4), and with those that follow, as far as `maxBytes` reach. Undefined where this member lacks a certificate in between: another one
 * may have it.
 */
export function disputeOf(
  group: Pick<Group, 'setup' | 'steps' | 'unseen'>,
  effect: DisputeEffect,
  maxBytes: number,
): Uint8Array | undefined {
  const { job, epoch, members } = group.setup
  const { step } = effect
  const found = effect.type === 'dispute' && effect.way !== undefined ? effect.way : baseOf(group, effect)
  if (found === undefined) return undefined
  const own = effect.type === 'dispute' ? [effect.certificate] : []
  const later =
    effect.type === 'dispute'
      ? laterThan(group, step, hashOf(effect), rootShown(certificateMessage.decode(effect.certificate), members.length))
      : []
  const steps = [...found.path.map(({ certificate }) => certificate), ...own]
  if (steps.length > DISPUTE_STEPS_MAX) return undefined
  const place = { job: bytesOfContentId(job), epoch, step, batch: hashOf(effect) }
  const base = found.base?.certificate ?? null
  const evidence = evidenceOf(effect, members.length)
  // what follows may be left out: others can show it
  for (let count = Math.min(later.length, DISPUTE_STEPS_MAX - steps.length); count >= 0; count--) {
    const bytes = disputeMessage.encode({ ...place, base, steps: [...steps, ...later.slice(0, count).map(wholeCertificate)], evidence })
    if (bytes.length <= maxBytes) return bytes
  }
  return undefined
}

/** A certified step of the way to a dispute, with its batch or without. */
export type PathStep = Pick<CertifiedReveals, 'epoch' | 'step' | 'answer' | 'unanimous'> & {
  readonly start: Uint8Array
  readonly certificate: Uint8Array
}

/** What leads to a step: the last one before it that is proven final by those after it, and all since; without one, all since the epoch began. */
export interface Way {
  readonly base: PathStep | undefined
  readonly path: readonly PathStep[]
}
function baseOf(group: Pick<Group, 'setup' | 'steps' | 'unseen'>, effect: DisputeEffect): Way | undefined {
  return wayTo(group, effect.step - 1, effect.type === 'dispute' ? pathStep(group, effect.step) : undefined)
}
/** Up to step `last`, before one that follows on it or, where some are missing between them, later. */
export function wayTo(group: Pick<Group, 'setup' | 'steps' | 'unseen'>, last: number, later: PathStep | undefined): Way | undefined {
  const path: PathStep[] = []
  let after = later?.step === last + 1 ? later : undefined
  for (let step = last; step > 0; step--) {
    const one = pathStep(group, step, after?.start)
    if (one === undefined) return undefined
    if ([undefined, ...path, later].some((other) => provesFinal(one, other))) return { base: one, path }
    path.unshift(one)
    after = one
  }
  return { base: undefined, path }
}

/** What this member knows of a step: or only that it was certified, and nobody gave it the batch. Of several such the one that led to `root`. */
function pathStep(
  { setup, steps, unseen }: Pick<Group, 'setup' | 'steps' | 'unseen'>,
  step: number,
  root?: Uint8Array,
): PathStep | undefined {
  const known = steps.find((one) => one.step === step)
  if (known === undefined) return unseen.find((one) => one.step === step && (root === undefined || sameBytes(one.answer.root, root)))
  const { answer, start } = known.certified
  const unanimous = isUnanimous(known, setup.members.length)
  return { epoch: setup.epoch, step, answer, unanimous, start: bytesOfContentId(start), certificate: wholeCertificate(known) }
}

/** The batches of all steps that a dispute may be about, certified or open: jurors ask for them by their hashes. */
export const heldBatches = ({ steps, open }: Pick<Group, 'steps' | 'open'>): readonly Uint8Array[] => [
  ...steps.map(({ certified }) => certified.batch.bytes),
  ...[...open.batches.values()].map(({ bytes }) => bytes),
]

/** What a frozen group repeats is no step to go on from. What it knows after a step of another branch does not follow on that. */
function laterThan(
  { steps }: Pick<Group, 'steps'>,
  disputed: number,
  batch: Uint8Array,
  root: ContentId | undefined,
): readonly KnownStep[] {
  const later: KnownStep[] = []
  const known = steps.find(({ step }) => step === disputed)?.certified.batch.hash
  if (known !== undefined && !sameBytes(known, batch)) return later
  for (const one of [...steps].sort((a, b) => a.step - b.step)) {
    if (one.step === disputed + 1 && one.certified.start !== root) return later // it follows on another answer to the same batch
    if (one.step === disputed + later.length + 1 && one.certified.answer.disputed === 0) later.push(one)
  }
  return later
}

/** With all reveals that came, also after it was made: they may show that all members agreed. */
const wholeCertificate = ({ certified: { reveals } }: KnownStep): Uint8Array => writeCertificate([...reveals.values()])

function evidenceOf(effect: DisputeEffect, memberCount: number): Infer<typeof disputeMessage>['evidence'] {
  if (effect.type === 'dispute') return { type: 'objection', statements: effect.dissents.slice(0, memberCount) }
  const { reveals, seals, timeouts } = effect
  if (timeouts.length === 0) return { type: 'split', rank: rankIn(reveals[0], revealMessage), reveals }
  return { type: 'bound', rank: rankIn(seals[0], sealMessage), seals, timeouts }
}
function rankIn(envelope: Uint8Array | undefined, message: { decode: (bytes: Uint8Array) => { readonly rank: number } }): number {
  return message.decode(peekPayload(envelope as Uint8Array) as Uint8Array).rank
}
const hashOf = (effect: DisputeEffect): Uint8Array =>
  effect.batch === null
    ? certificateMessage.decode((effect as { certificate: Uint8Array }).certificate).batch
    : readBatch(effect.batch).hash
