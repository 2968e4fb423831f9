import { bytesOfContentId, type PeerId, signMessage } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import type { Reveal } from '../messages.js'
import type { Opened } from '../verifier.js'
import { claim } from './claims.js'
import { type Challenge, type ChallengeReply, challengeMessage, challengeReplyMessage, DRAWS_MAX } from './messages.js'
import { drawnIndices, showChunks } from './own-part.js'
import { countOwn, type OwnTurn, throwDice } from './own-work-state.js'
import { isConsistent } from './verify-own.js'

/** Has a member show some of what it revealed its own part of. One challenge of a member is open at a time. */
export function challenge(t: OwnTurn, reveal: Opened<Reveal>): void {
  const { context, self, settings, asked } = t.work
  if (asked.has(reveal.seat)) return
  const { step, batch, from } = reveal.value
  const draws = Array.from({ length: DRAWS_MAX }, () => throwDice(t))
  const value = { job: bytesOfContentId(context.job), epoch: context.epoch, step, batch, from: self.publicKey, to: from, draws }
  const endsAtMs = t.nowMs + settings.replyWithinMs
  t.work = { ...t.work, asked: new Map(asked).set(reveal.seat, { batch, draws, reveal, endsAtMs }) }
  const envelope = signMessage(challengeMessage, value, self, context.network)
  t.effects.push({ type: 'send', to: context.members[reveal.seat] as PeerId, envelope })
}

/**
 * Shows what was drawn, of a final step, to a member whose own part of it has been seen: what a reply holds is of use to whoever has yet to make
 * an own part. Each challenger is answered at a bounded pace.
 */
export function onChallenge(t: OwnTurn, { seat, value }: Opened<Challenge>): undefined {
  const { context, self, settings, steps, repliedAtMs } = t.work
  if (!sameBytes(value.to, self.publicKey)) return countOwn(t, 'CHALLENGE_OTHER')
  if (value.draws.length === 0) return countOwn(t, 'CHALLENGE_EMPTY')
  if (t.nowMs < (repliedAtMs.get(seat) ?? Number.NEGATIVE_INFINITY) + settings.replyEveryMs) return countOwn(t, 'CHALLENGE_TOO_SOON')
  const known = steps.get(hexOf(value.batch))
  const shown = known?.reveals.get(seat)
  if (known?.ran?.transcript === undefined || known.final?.step !== value.step || shown === undefined)
    return countOwn(t, 'CHALLENGE_UNKNOWN')
  t.work = { ...t.work, repliedAtMs: new Map(repliedAtMs).set(seat, t.nowMs) }
  const { transcript } = known.ran
  const { step, batch } = value
  const place = { ...context, step, batch, key: self.publicKey }
  const reply = {
    ...{ job: value.job, epoch: value.epoch, step, batch, from: self.publicKey },
    start: shown.value.start,
    length: transcript.length,
    ...showChunks(transcript, place, value.draws),
  }
  const envelope = signMessage(challengeReplyMessage, reply as ChallengeReply, self, context.network)
  t.effects.push({ type: 'send', to: context.members[seat] as PeerId, envelope })
}

/** Judges the reply to an open challenge. One that answers something else counts as none. */
export function onReply(t: OwnTurn, { seat, value, envelope }: Opened<ChallengeReply>): undefined {
  const { asked, context } = t.work
  const open = asked.get(seat)
  if (open === undefined || !sameBytes(open.batch, value.batch) || open.reveal.value.step !== value.step)
    return countOwn(t, 'REPLY_UNASKED')
  const indices = drawnIndices(open.draws, value.length)
  const fits = indices.length === value.chunks.length && indices.every((index, i) => value.chunks[i]?.index === index)
  if (!fits || !sameBytes(value.start, open.reveal.value.start)) return countOwn(t, 'REPLY_WRONG')
  const left = new Map(asked)
  left.delete(seat)
  t.work = { ...t.work, asked: left }
  if (!sameBytes(value.own, open.reveal.value.answer.own)) return claim(t, 'two-owns', [open.reveal.envelope, envelope])
  if (!isConsistent(value, context)) return claim(t, 'false-reply', [envelope])
  countOwn(t, 'OWN_WORK_SHOWN')
}

/** Silence is no proof: it is counted. */
export function endChallenges(t: OwnTurn): void {
  const asked = [...t.work.asked].filter(([, { endsAtMs }]) => endsAtMs > t.nowMs)
  for (let i = asked.length; i < t.work.asked.size; i++) countOwn(t, 'CHALLENGE_UNANSWERED')
  if (asked.length < t.work.asked.size) t.work = { ...t.work, asked: new Map(asked) }
}
