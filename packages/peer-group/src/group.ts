import { bytesOfContentId, type PeerId, peekMessageNumber, type Signer } from '@interpeer/crypto-ids'
import type { Message } from '@interpeer/wire-codec'
import { takeFinal, takeLateReveal, tellClosed } from './adopt.js'
import type { GroupEffect, GroupEvent, GroupSetup, RequestRef } from './api.js'
import { nextWakeMs, onClock } from './clock.js'
import { takeDissent, takeHeld, takeLateWord } from './dissent.js'
import { placeOf, readRecord, restoreOpenStep, unseenOf, writeRecord } from './durable.js'
import { PeerGroupError } from './errors.js'
import { announce, fetchState, onState } from './finality.js'
import { joinersOf, sayAgain, sendSteps, stepsAfter } from './give-steps.js'
import { beginTurn, count, type Group, othersOf, send, type Turn } from './group-state.js'
import {
  askMessage,
  commitSetMessage,
  dissentHeldMessage,
  dissentMessage,
  finalMessage,
  lateMessage,
  offerMessage,
  proposalMessage,
  revealMessage,
  sealMessage,
  tallyMessage,
  timeoutMessage,
  withheldMessage,
} from './messages.js'
import { newOpenStep } from './open-step.js'
import { runCertified } from './own-run.js'
import { pastOf } from './past.js'
import { emptyPool, onBodies, onOffer, onWrites, pendingIn } from './pool.js'
import { propose, takeProposal } from './propose.js'
import { certify, findCommitSet, reveal, takeCommitSet, takeReveal, takeSeal } from './rounds.js'
import { onExecuted, runAndSeal } from './run.js'
import { ASK_EVERY_MS, GROUP_DEFAULTS, MEMBERS_MAX } from './settings.js'
import { onShow } from './show.js'
import { sign } from './sign.js'
import { onAudited } from './skips.js'
import { isJudged, objectedIn } from './steps.js'
import { tellStuck } from './stuck.js'
import { emptyTally, isTally } from './tally.js'
import { disputeAgain } from './tell-disputes.js'
import { followTimeouts, takeTimeout } from './timeouts.js'
import { onBatch, onShown, onUnasked } from './unseen.js'
import { createVerifier, type FromMember, type Opened, type Verification } from './verifier.js'

export interface GroupStep {
  readonly state: Group
  readonly effects: readonly GroupEffect[]
}
const SETTLE_MAX = 1_000

/**
 * A member's part in one epoch of a job (design §6), new or as its last durable record left it. After a restart the same bytes are sent
 * again, never made anew, and `final` of the last step (or `closed`) is told once more. Times are network time in ms.
 * @throws {PeerGroupError} GROUP_SETUP, RECORD_UNREADABLE
 */
export function openGroup(setup: GroupSetup, self: Signer, nowMs: number, durable?: Uint8Array, verification?: Verification): GroupStep {
  checkSetup(setup)
  const settings = { ...GROUP_DEFAULTS, ...setup.settings }
  const verifier = createVerifier(setup, verification)
  const job = bytesOfContentId(setup.job)
  const record = durable === undefined ? undefined : readRecord(durable, job, setup.epoch)
  const seat = setup.members.indexOf(self.peerId)
  const { base, final, steps, frozen } = placeOf({ setup, verifier, seat }, record, nowMs)
  const group: Group = {
    setup,
    settings,
    self,
    seat,
    job,
    verifier,
    phase: record?.phase ?? 'open',
    base,
    final,
    steps,
    forgotten: base.step, // what it skipped before that nobody keeps
    past: pastOf(steps, setup),
    frozen,
    open: newOpenStep({ setup, settings }, base.step + 1),
    pool: emptyPool,
    failedEvents: new Map(),
    eventsRest: { step: 0, untilMs: 0 },
    requestMs: undefined,
    offerAtMs: undefined,
    offerEveryMs: settings.resendMs,
    closing: undefined,
    tally: record?.tally ?? emptyTally(setup.members.length),
    show: record?.show ?? undefined,
    isShowDue: false,
    askedAtMs: nowMs,
    unseen: unseenOf({ verifier }, record, nowMs),
    skips: [],
    lookedAt: [],
    lastSkip: undefined,
    objectedFrom: Number.POSITIVE_INFINITY,
    isBack: record !== undefined,
    before: undefined,
    answeredAtMs: new Map(),
    faulted: new Map(),
    closedResends: 0,
    wakeAtMs: undefined,
  }
  const t = beginTurn(group, nowMs)
  if (record !== undefined) restoreOpenStep(t, record)
  if (isJudged(group)) t.g.objectedFrom = objectedIn(group)
  t.durable = false // what was just read is on disk
  announce(t)
  fetchState(t)
  if (group.phase !== 'open') tellClosed(t)
  if (group.phase === 'closed') t.g.open.resendAtMs = nowMs // the next epoch's members may not have it yet
  if (record !== undefined && group.seat >= 0) disputeAgain(t)
  if (group.phase === 'open' && record !== undefined && group.seat >= 0) {
    t.g.open.resendAtMs = nowMs // what was signed before goes out again
    sayAgain(t)
    send(t, othersOf(group), sign(t, askMessage, { step: base.step }).envelope)
  }
  return finishTurn(t)
}

/**
 * Moves a member by one event. Never throws on what comes from outside: bad input is counted, a provable lie is a `fault`. The state is a value: keep
 * the one returned. Act on the effects in order; what stands after `store` and `persist` waits for the disk.
 */
export function stepGroup(group: Group, event: GroupEvent): GroupStep {
  const t = beginTurn(group, event.nowMs)
  if (event.type === 'message') onMessage(t, event.from, event.envelope)
  else if (event.type === 'write') onWrites(t, [event])
  else if (event.type === 'writes') onWrites(t, event.writes)
  else if (event.type === 'executed') onExecuted(t, event.batch, event.from, event.result)
  else if (event.type === 'bodies') onBodies(t, event.requests)
  else if (event.type === 'state') onState(t, event)
  else if (event.type === 'batch') onBatch(t, event.bytes)
  else if (event.type === 'unasked') onUnasked(t, event.hash)
  else if (event.type === 'audited') onAudited(t, event)
  else if (event.type === 'shown') onShown(t, event.from, event.certificate, event.by ?? 'anyone')
  else if (event.type === 'close-at') t.g.closing = { atMs: event.atMs, next: event.next }
  else if (event.type === 'show') onShow(t)
  return finishTurn(t)
}

/** Writes that wait here, for the next epoch's group. */
export function pendingRequests(group: Group): readonly RequestRef[] {
  return pendingIn(group.pool)
    .filter(({ held }) => held)
    .map(({ ref }) => ref)
}

/** Goes on until nothing moves: a group of one agrees with itself within one event. */
function settle(t: Turn): void {
  for (let left = SETTLE_MAX; left > 0; left--) {
    if (t.g.seat < 0) return
    if (t.g.phase !== 'open') {
      if (runCertified(t)) continue
      onClock(t)
      return
    }
    const moved =
      certify(t) || runCertified(t) || followTimeouts(t) || findCommitSet(t) || reveal(t) || runAndSeal(t) || propose(t) || onClock(t)
    if (!moved) return
  }
}

function finishTurn(t: Turn): GroupStep {
  settle(t)
  if (t.g.isShowDue) onShow(t)
  if (t.g.phase === 'open') tellStuck(t)
  const effects: GroupEffect[] = []
  if (t.bodies.length > 0) effects.push({ type: 'store', blocks: t.bodies, lazy: true })
  if (t.blocks.length > 0) effects.push({ type: 'store', blocks: t.blocks })
  if (t.durable) effects.push({ type: 'persist', bytes: writeRecord(t.g), ...(t.answers ? { bodies: true } : {}) })
  effects.push(...t.effects)
  const wakeAtMs = nextWakeMs(t)
  if (wakeAtMs !== undefined && wakeAtMs !== t.g.wakeAtMs) effects.push({ type: 'wake', atMs: wakeAtMs })
  t.g.wakeAtMs = wakeAtMs
  return { state: t.g, effects }
}

type Taker = (t: Turn, envelope: Uint8Array, from: PeerId) => void
const takers = new Map<number, Taker>([
  taker(offerMessage, (t, opened, from) => {
    if (onOffer(t, opened) === 'answered') answer(t, from, t.g.base.step - 1)
  }),
  taker(finalMessage, takeFinal),
  stepTaker(proposalMessage, takeProposal),
  stepTaker(sealMessage, takeSeal),
  stepTaker(commitSetMessage, takeCommitSet),
  stepTaker(timeoutMessage, takeTimeout),
  stepTaker(revealMessage, takeReveal, takeLateReveal),
  taker(dissentMessage, (t, opened) => takeSigned(t, opened.value.step, opened.envelope)),
  taker(withheldMessage, (t, opened) => takeSigned(t, opened.value.step, opened.envelope)),
  taker(dissentHeldMessage, takeHeld),
  taker(lateMessage, takeLateWord),
  stepTaker(tallyMessage, (t, opened) => {
    if (!isTally(opened.value, t.g.open.step - 1, t.g.setup.members.length)) count(t, 'TALLY_INVALID')
    else t.g.open.tallies.set(opened.seat, opened)
  }),
  [
    askMessage.number,
    (t, envelope, from) => {
      const opened = t.g.verifier.open(askMessage, envelope, joinersOf(t))
      if (typeof opened === 'string') count(t, opened)
      else if (opened.value.step < t.g.base.step) answer(t, from, opened.value.step)
    },
  ],
])

function onMessage(t: Turn, from: PeerId, envelope: Uint8Array): void {
  const take = takers.get(peekMessageNumber(envelope) ?? -1)
  if (take === undefined) count(t, 'MESSAGE_UNKNOWN')
  else take(t, envelope, from)
}

function taker<T extends FromMember>(message: Message<T>, take: (t: Turn, opened: Opened<T>, from: PeerId) => void): [number, Taker] {
  return [
    message.number,
    (t, envelope, from) => {
      const opened = t.g.verifier.open(message, envelope)
      if (typeof opened === 'string') count(t, opened)
      else if (opened.seat === t.g.seat && message !== (finalMessage as unknown)) count(t, 'OWN_MESSAGE')
      else take(t, opened, from)
    },
  ]
}

/** Messages of a step: of the open one they are taken up; of a later one this member is behind; of an earlier one the sender is. */
function stepTaker<T extends FromMember & { readonly step: number }>(
  message: Message<T>,
  take: (t: Turn, opened: Opened<T>) => unknown,
  takeLate?: (t: Turn, opened: Opened<T>) => void,
): [number, Taker] {
  return taker(message, (t, opened, from) => {
    const { step } = opened.value
    if (step > t.g.open.step) askFor(t, from)
    else if (step < t.g.open.step) {
      if (takeLate === undefined) answer(t, from, step - 1)
      else takeLate(t, opened)
    } else if (t.g.phase === 'open') take(t, opened)
  })
}

/** Something signed against a certified step; against one that is not certified here yet, its sender knows more. */
function takeSigned(t: Turn, step: number, envelope: Uint8Array): undefined {
  if (step <= t.g.base.step) return takeDissent(t, envelope)
  count(t, 'DISSENT_UNKNOWN')
}

/** Certificates answer whoever is behind, at a bounded pace. */
function answer(t: Turn, to: PeerId, after: number): void {
  const { g } = t
  if (t.nowMs < (g.answeredAtMs.get(to) ?? Number.NEGATIVE_INFINITY) + ASK_EVERY_MS) return
  if (!g.setup.members.includes(to) && !joinersOf(t).includes(to)) return
  g.answeredAtMs = new Map(g.answeredAtMs).set(to, t.nowMs)
  sendSteps(t, [to], stepsAfter(t, after))
}

function askFor(t: Turn, from: PeerId): void {
  const { g } = t
  if (g.phase !== 'open' || g.seat < 0 || t.nowMs < g.askedAtMs + ASK_EVERY_MS) return
  g.askedAtMs = t.nowMs
  send(t, [from], sign(t, askMessage, { step: g.base.step }).envelope)
}

function checkSetup({ members, chainSeed, settings }: GroupSetup): void {
  const refuse = (reason: string): never => {
    throw new PeerGroupError({ code: 'GROUP_SETUP', reason })
  }
  if (members.length < 1 || members.length > MEMBERS_MAX) refuse(`1 to ${MEMBERS_MAX} members`)
  if (new Set(members).size !== members.length) refuse('a member twice')
  if (chainSeed.length !== 32) refuse('the chain seed has 32 bytes')
  if (Object.values(settings).some((value) => !Number.isSafeInteger(value) || value < 1)) refuse('settings are positive integers')
}
