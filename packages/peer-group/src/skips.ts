import { bytesOfContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Adopted } from './adopt.js'
import { previousOf } from './ancestors.js'
import type { GroupEvent } from './api.js'
import { noteBranch, rememberBranch } from './branches.js'
import { readReveals } from './certificate.js'
import { tellRest } from './finality.js'
import { count, type Group, othersOf, type Skip, send, type Turn } from './group-state.js'
import { wayTo } from './jury/bring.js'
import { begunAt, type Dispute, disputeId } from './jury/dispute.js'
import { withheldMessage } from './messages.js'
import { ASK_CYCLES, LACKED_TRIES_MAX, SKIPS_MAX, WITHHELD_SHARE } from './settings.js'
import { sign } from './sign.js'
import { isElsewhere, isJudged, knownStep } from './steps.js'
import { mayBring, stretchOf } from './stretch.js'
import { withSaid } from './waited-for.js'

type Audited = Extract<GroupEvent, { readonly type: 'audited' }>

/**
 * This member takes up a step and lacks some before it, though it was there. It may have missed a message, or q members kept it out of what it would contradict, and named that
 * final at once: so, unless it still gets to see all of it, it has it run (`audit`).
 */
export function noteSkip(t: Turn, { step, rank, batch, certificate, answer, start, reveals }: Adopted): undefined {
  const { g } = t
  const { base } = g
  const wasBack = g.isBack
  g.isBack = false
  const certified = { epoch: g.setup.epoch, step, answer, unanimous: false, start: bytesOfContentId(start), certificate }
  const isNext = step === base.step + 1
  const isAside =
    isElsewhere(g, { answer, start }) || (batch.value.epoch === g.setup.epoch && !sameBytes(previousOf(batch), base.batchHash))
  if (isNext && isAside) return noteBranch(t, { ...certified, rank, batchHash: batch.hash, reveals })
  if (isNext || g.seat < 0 || !isJudged(g)) return
  // who was down or had no state was not there to be kept out, and a frozen group repeats itself
  if (wasBack || base.state === undefined || g.frozen > 0 || answer.disputed > 0) return
  if (reveals.some(({ seat }) => seat === g.seat)) return
  const gaps = gapsIn(g)
  const last = gaps.at(-1) ?? g.lastSkip
  const way = wayTo(g, base.step, certified)
  // of what leads to its tip it may have no certificates, if there was a gap before, and only so many are looked at: then all since that one is one
  const isOne = last !== undefined && (way === undefined || gaps.length >= SKIPS_MAX)
  const from = isOne ? last : { after: { step: base.step, batch: base.batchHash, state: base.root }, way }
  if (from.way === undefined || !mayBring(from.way, step - 1 - from.after.step, step)) return count(t, 'STEPS_SKIPPED')
  const skip = {
    after: from.after,
    way: from.way,
    step,
    rank,
    batchHash: batch.hash,
    start,
    root: contentIdOfBytes(answer.root),
    certificate,
    sinceMs: t.nowMs,
    ran: from.after.step,
    isAudited: false,
    isBranch: false,
  }
  const replaced = gaps.length >= SKIPS_MAX ? gaps.at(-1) : undefined
  g.skips = [...g.skips.filter((one) => one !== replaced), skip]
}
/** Each begins from what the one before it came to. */
const gapsIn = ({ skips }: Pick<Group, 'skips'>): readonly Skip[] => skips.filter((one) => !isApart(one))
/** A branch begins before any gap; and what it objected to nothing waits for. */
const isApart = ({ isBranch, lacked }: Skip): boolean => isBranch || lacked !== undefined
/** Those whose turn it is: the first gap, and each of the others. */
const nextIn = (g: Pick<Group, 'skips'>): readonly Skip[] =>
  [...gapsIn(g).slice(0, 1), ...g.skips.filter(isApart)].filter(({ isAudited }) => !isAudited)

/** When it looks at what it skipped. */
export const skipDueMs = ({ g }: Turn): number | undefined => {
  const times = [...nextIn(g).map((one) => dueMs(g, one)), ...g.skips.map((one) => askAtMs(g, one))]
  const firstMs = Math.min(...times)
  return firstMs === Number.POSITIVE_INFINITY ? undefined : firstMs
}
const dueMs = ({ settings }: Pick<Group, 'settings'>, { sinceMs }: Skip): number => sinceMs + settings.dissentWindowMs * WITHHELD_SHARE

/**
 * An epoch that is over here waits on the chain for whoever objects, and not for whoever still looks at what it was kept out of: where that is far, it asks for the stretch that it is at, and goes on. If that was right, it pays for
 * the time.
 */
function askInTime(t: Turn): void {
  const { g, nowMs } = t
  for (const skip of g.skips.filter((one) => nowMs >= askAtMs(g, one))) {
    g.skips = g.skips.map((one) => (one === skip ? { ...skip, askedMs: nowMs, lacked: { after: skip.ran, tries: 0 } } : one))
    objectTo(t, skip)
  }
}
function askAtMs({ phase, base, settings }: Pick<Group, 'phase' | 'base' | 'settings'>, skip: Skip): number {
  const { sinceMs, askedMs, lacked, ran } = skip
  if (phase === 'open' || stretchOf(skip) === undefined || lacked?.after === ran) return Number.POSITIVE_INFINITY
  return askedMs === undefined
    ? Math.max(sinceMs, base.sinceMs) + ASK_CYCLES * settings.idleEveryMs
    : askedMs + 2 * ASK_CYCLES * settings.idleEveryMs
}

/** Has what it skipped run, where it did not come to that by itself: the first first, for those after it begin from what that came to. */
export function auditSkips(t: Turn): void {
  const { g } = t
  askInTime(t)
  const due = () => nextIn(g).find((one) => t.nowMs >= dueMs(g, one))
  for (let skip = due(); skip !== undefined; skip = due()) {
    const one = skip
    const seen = isSeen(g, one)
    g.skips = g.skips.flatMap((other) => (other !== one ? [other] : seen ? [] : [{ ...one, isAudited: true }]))
    if (seen) tellRest(t)
    else t.effects.push({ type: 'audit', dispute: auditOf(t, one) })
  }
}
function isSeen(g: Pick<Group, 'steps'>, { after, step, batchHash, root }: Skip): boolean {
  const last = knownStep(g, step)?.certified
  // what it knows there is of another branch, or comes to something else
  if (last === undefined || !sameBytes(last.batch.hash, batchHash) || contentIdOfBytes(last.answer.root) !== root) return false
  for (let at = after.step + 1; at <= step; at++) {
    const own = knownStep(g, at)?.own
    if (own === undefined || own === 'missed') return false
  }
  return true
}

/** As a juror would be asked, from the last step that this member has seen on: of many a stretch at a time. */
function auditOf({ g }: Turn, skip: Skip): Dispute {
  const { after, step, batchHash, start, certificate } = skip
  const stretch = stretchOf(skip)
  const certified = { ...readReveals(certificate, g.verifier), certificate }
  const place = { step, batch: batchHash, start }
  const gap = step - 1 - after.step
  const id = disputeId(g.setup, { ...place, begun: begunAt({ base: after, path: [], gap, stretch }, g.self.publicKey) })
  const asked = { id, kind: 'objection', epoch: g.setup.epoch, ...place, base: after, certified } as const
  return { ...asked, path: [], gap, stretch, later: [], statements: [] }
}

/** What it could not get of a far gap jurors may get: then it goes on from there. */
function lookAgain({ nowMs }: Turn, skip: Skip): readonly Skip[] {
  const stretch = stretchOf(skip)
  const tries = skip.lacked?.after === skip.ran ? skip.lacked.tries + 1 : 0
  if (stretch === undefined || tries >= LACKED_TRIES_MAX) return []
  return [{ ...skip, isAudited: false, sinceMs: nowMs, lacked: { after: skip.ran, tries } }]
}

/** What the run of what it skipped came to: where that can't be had, or is not what was certified, this member says that it was kept out of it, and tells the chain. */
export function onAudited(t: Turn, { batch, holds, isOver = true, lacks = false }: Audited): undefined {
  const { g } = t
  const skip = g.skips.find((one) => one.isAudited && sameBytes(one.batchHash, batch))
  if (skip === undefined) return
  const stretch = stretchOf(skip)
  // what did not end says nothing: neither of what comes after it, which can be run by itself
  if (holds && stretch !== undefined && stretch.through < skip.step && !isSeen(g, skip)) {
    const further = { ...skip, ran: stretch.through }
    g.skips = g.skips.map((one) => (one === skip ? further : one))
    t.effects.push({ type: 'audit', dispute: auditOf(t, further) })
    return
  }
  g.skips = g.skips.flatMap((one) => (one !== skip ? [one] : lacks && !holds && !isSeen(g, skip) ? lookAgain(t, skip) : []))
  if (!skip.isBranch) g.lastSkip = skip
  else if (holds && isOver) rememberBranch(t, readReveals(skip.certificate, g.verifier))
  if (holds || isSeen(g, skip)) return tellRest(t)
  if (stretch !== undefined && skip.lacked?.after === stretch.after) return // that is told
  objectTo(t, skip)
}

/** It was kept out of these, as far as it could look at them: all are told, and the chain. */
function objectTo(t: Turn, skip: Skip): void {
  const { g } = t
  const { after, step, rank, certificate, way, batchHash: batch } = skip
  const stretch = stretchOf(skip)
  g.objectedFrom = Math.min(g.objectedFrom, after.step + 1)
  const { envelope } = sign(t, withheldMessage, { step, rank, batch, stretch: stretch ?? null })
  g.unseen = withSaid(g.unseen, {
    ...readReveals(certificate, g.verifier),
    certificate,
    sinceMs: t.nowMs,
    said: envelope,
    fromStep: after.step + 1,
  })
  t.durable = true
  send(t, othersOf(g), envelope)
  t.effects.push({ type: 'dispute', step, certificate, batch: null, dissents: [envelope], way })
}
