import { peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import { decodeCbor, hexOf, MESSAGE_NUMBERS } from '@interpeer/wire-codec'
import type { GroupEffect } from '../src/index.js'

const names = new Map<number, string>(Object.entries(MESSAGE_NUMBERS).map(([name, number]) => [number, name]))

/** A group message in a few words, for a trace: its kind, and the integers that stand in its front: epoch, step, rank. */
export function sayMessage(envelope: Uint8Array): string {
  const number = peekMessageNumber(envelope)
  const payload = peekPayload(envelope)
  if (number === undefined || payload === undefined) return 'what is no message'
  let fields: readonly unknown[] = []
  try {
    fields = decodeCbor(payload) as readonly unknown[]
  } catch {
    return "what can't be read"
  }
  const place = fields.slice(2, 5).filter((field) => typeof field === 'number')
  const hash = fields.find((field, i) => i > 4 && field instanceof Uint8Array && field.length === 32)
  return `${names.get(number) ?? number} ${place.join('.')}${hash instanceof Uint8Array ? ` ${hexOf(hash).slice(0, 6)}` : ''}`
}

/** An effect in a few words; undefined for those that a trace does without. */
export function sayEffect(effect: GroupEffect): string | undefined {
  switch (effect.type) {
    case 'send': // the network says it
    case 'wake':
      return undefined
    case 'count':
      return `counts ${effect.code}`
    case 'store':
      return `stores ${effect.blocks.length} blocks`
    case 'persist':
      return `persists ${effect.bytes.length} bytes`
    case 'execute':
      return `runs ${hexOf(effect.batch).slice(0, 6)} with ${effect.requests.length} requests`
    case 'final':
      return `step ${effect.step} is final: batch of ${effect.requests.length} requests, state ${effect.state.slice(-6)}`
    case 'closed':
      return `the epoch is closed at ${effect.state.slice(-6)}`
    case 'refused':
      return `refuses ${hexOf(effect.id).slice(0, 6)}: ${effect.code}`
    case 'repeated':
      return `has run ${hexOf(effect.id).slice(0, 6)} before`
    case 'fault':
      return `accuses ${effect.peer.slice(-6)} of ${effect.kind}`
    case 'mark':
      return `marks ${effect.peer.slice(-6)} ${effect.outcome} in step ${effect.step}`
    default:
      return effect.type
  }
}
