import { peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import { WireError } from '@interpeer/wire-codec'
import { type Withheld, withheldMessage } from '../messages.js'
import { invalid } from './evidence.js'
import { DISPUTE_STEPS_MAX } from './settings.js'

/** Of a way that is longer than jurors run, the steps after `after` up to `through`: what its objector asks for. */
export type Stretch = NonNullable<Withheld['stretch']>

/** Whether jurors can be asked for it, in a dispute of this step from anywhere before it. */
export const isStretch = ({ after, through }: Stretch, step: number): boolean =>
  after < through && through <= step && through - after <= DISPUTE_STEPS_MAX && step > DISPUTE_STEPS_MAX

/** What a statement asks for; undefined: nothing but its step. */
export function stretchIn(envelope: Uint8Array): Stretch | undefined {
  const payload = peekMessageNumber(envelope) === withheldMessage.number ? peekPayload(envelope) : undefined
  if (payload === undefined) return undefined
  try {
    return withheldMessage.decode(payload).stretch ?? undefined
  } catch (error) {
    if (error instanceof WireError) return undefined // its signature is looked at where it counts
    throw error
  }
}

/** What a dispute's only statement asks for: it is signed, so that nobody can have another part looked at in an objector's name. @throws {PeerGroupError} DISPUTE_INVALID */
export function stretchAsked(statements: readonly Uint8Array[]): Stretch | undefined {
  const asked = statements.map(stretchIn)
  const stretch = asked.find((one) => one !== undefined)
  if (stretch !== undefined && asked.length > 1) throw invalid('a stretch, and what others say')
  return stretch
}

/** @throws {PeerGroupError} DISPUTE_INVALID */
export function checkStretch(
  stretch: Stretch | undefined,
  { step, gap, base, tip }: { readonly step: number; readonly gap: number; readonly base: number; readonly tip: number },
): void {
  const isFar = gap > 0 && step - base > DISPUTE_STEPS_MAX
  if (isFar !== (stretch !== undefined)) throw invalid(isFar ? 'more steps than jurors run' : 'a stretch of steps that jurors run all')
  if (stretch !== undefined && (!isStretch(stretch, step) || stretch.after < tip)) throw invalid('a stretch of other steps')
}
