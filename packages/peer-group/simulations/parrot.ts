import { keyOfPeerId, peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { answerOf, answerSeal } from '../src/answer.js'
import { namingOf } from '../src/batch.js'
import type { ExecutionResult } from '../src/index.js'
import { sealMessage } from '../src/messages.js'
import { nextState } from '../src/state-block.js'
import type { Tactic } from './adversary.js'
import type { Member } from './member.js'

type Ran = ExecutionResult & { readonly type: 'ran' }
const SALTS = [new Uint8Array(32), new Uint8Array(0)]

/**
 * Runs nothing, and is paid only if it can say what the others came to before they reveal it (WP §8.10). The job's results are few, so it tries them all against
 * every seal that it hears: with a secret salt in it no seal tells. `guesses`: what a run may come to.
 */
export function parrot(guesses: (effect: Parameters<NonNullable<Tactic['run']>>[1]) => readonly Ran[]): Tactic {
  const seals = new Map<string, Uint8Array[]>()
  const wanted = new Map<string, readonly Ran[]>()
  const tryAll = (member: Member, batch: string): void => {
    for (const payload of seals.get(batch) ?? []) {
      for (const guess of wanted.get(batch) ?? []) {
        if (fits(member, payload, guess)) member.around.watcher.violate('a parrot read an answer from a seal')
      }
    }
  }
  return {
    name: 'parrot',
    hear: (member, _, envelope) => {
      const payload = peekMessageNumber(envelope) === sealMessage.number ? peekPayload(envelope) : undefined
      if (payload === undefined) return true
      const batch = hexOf(sealMessage.decode(payload).batch)
      seals.set(batch, [...(seals.get(batch) ?? []), payload])
      tryAll(member, batch)
      return true
    },
    run: (member, effect) => {
      const batch = hexOf(effect.batch)
      wanted.set(batch, guesses(effect))
      tryAll(member, batch)
      return { type: 'abstained' }
    },
  }
}

/** Whether a seal is that of a guessed answer, with a salt that can be guessed too. */
function fits(member: Member, payload: Uint8Array, ran: Ran): boolean {
  const { step, rank, batch, from, seal } = sealMessage.decode(payload)
  const known = member.group?.open.batches.get(hexOf(batch))
  const state = member.group?.base.state
  if (known === undefined || state === undefined || state.root !== known.from || ran.responses.length !== known.requests.length)
    return false
  const keptMs = member.group?.settings.requestsKeptMs as number
  const { root } = nextState(state, known, ran.files, ran.responses, keptMs).state
  const context = { ...member.setup, step, rank, batch, key: from }
  const answer = answerOf(root, ran, namingOf(known.value, member.setup.epoch), context)
  return [...SALTS, keyOfPeerId(member.peer), from].some((salt) => sameBytes(seal, answerSeal(context, salt, answer)))
}
