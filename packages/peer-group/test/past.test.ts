import { bytesOfContentId, contentIdOf, type Signer, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { type Answer, disputeOf, verifyDispute } from '../src/index.js'
import { certificateMessage, revealMessage } from '../src/messages.js'
import type { Past } from '../src/past.js'
import { Desk } from './desk.js'
import { known, REVEAL, sent, WITHHELD } from './dissenting.js'
import { HALF_MS } from './kept-out.js'

const ELSEWHERE = contentIdOf(encodeCbor('a state that nobody came to'), 'dag-cbor')
const VICTIM = 3
type Step = ReturnType<typeof known>['certified']

/** Four members certify so many steps, all with a part in them; what they knew of each. */
function agreed(count: number, changes: { readonly jurors?: number } = {}) {
  const desk = new Desk(4, { jurors: 4, ...changes })
  const steps: Step[] = []
  for (let step = 1; step <= count; step++) {
    desk.write(desk.order(step)[0] as number, step)
    desk.deliver()
    for (let i = 0; i < 20 && desk.group(VICTIM).base.step < step; i++) {
      desk.pass(250)
      desk.deliver()
    }
    steps.push(known(desk, VICTIM, step).certified)
    desk.drop()
  }
  return { desk, at: (step: number) => steps[step - 1] as Step }
}
/** The first three sign, or these, that a step came to something else; the last one's own word may be in it. */
function forged(
  desk: Desk,
  step: number,
  { rank, batch, start, answer }: Step,
  changes: Partial<Answer> = {},
  seats = [0, 1, 2],
): Uint8Array {
  const place = { job: bytesOfContentId(desk.setup.job), epoch: 1, step, rank, batch: batch.hash }
  const reveals = seats.map((seat) => {
    const by: Signer = signerAt(seat)
    const says = seat === VICTIM ? {} : { root: bytesOfContentId(ELSEWHERE), ...changes }
    const value = { ...place, from: by.publicKey, start: bytesOfContentId(start), salt: new Uint8Array(32), answer: { ...answer, ...says } }
    return signMessage(revealMessage, value, by, network)
  })
  return certificateMessage.encode({ ...place, reveals })
}
function shown(desk: Desk, certificate: Uint8Array, by: 'chain' | 'anyone' = 'chain') {
  desk.tell(VICTIM, { type: 'shown', from: desk.peer(0), certificate, by })
  desk.pass(HALF_MS, [VICTIM])
  desk.drop()
  return desk.of('audit', VICTIM)
}
/** What it brings, once it found that out. */
function brought(desk: Desk, step: Step) {
  desk.tell(VICTIM, { type: 'audited', batch: step.batch.hash, holds: false })
  const [dispute] = desk.of('dispute', VICTIM)
  if (dispute === undefined) throw new Error('no dispute')
  return verifyDispute(disputeOf(desk.group(VICTIM), dispute, 300_000) as Uint8Array, desk.setup, verification)
}

describe('another certificate of a step that a member took up, by which the chain may go on', () => {
  test('is run from a step that it has a certificate of, and brought if it does not hold: also where it has forgotten that step', () => {
    const { desk, at } = agreed(70)
    for (const [step, from, gap] of [
      [70, 64, 5],
      [40, 32, 7],
      [20, 0, 19],
      [1, 0, 0],
    ] as const) {
      const [audit] = shown(desk, forged(desk, step, at(step), { final: step - 1 })).slice(-1)
      expect(audit?.dispute).toMatchObject({ step, gap, stretch: undefined, base: { step: from } })
      const said = sent(desk, VICTIM, WITHHELD).length
      const effects = desk.tell(VICTIM, { type: 'audited', batch: at(step).batch.hash, holds: false })
      expect(sent(desk, VICTIM, WITHHELD).length).toBe(said + 1)
      const told = effects.flatMap((effect) => (effect.type === 'dispute' ? [effect] : []))[0]
      if (told === undefined) throw new Error('no dispute')
      const read = verifyDispute(disputeOf(desk.group(VICTIM), told, 300_000) as Uint8Array, desk.setup, verification)
      expect(read).toMatchObject({ step, gap, base: { step: from } })
      expect(read.certified?.state).toBe(ELSEWHERE)
      expect(desk.group(VICTIM).skips).toEqual([])
    }
  })
  test('names nothing final that it could begin from: then jurors run what is before it from the beginning, and of a far one the last stretch', () => {
    const { desk, at } = agreed(70)
    // as if no certificate that it has proved its step final
    const without = (past: Past | undefined): Past | undefined => {
      if (past === undefined) return undefined
      const { certified: _, before, ...rest } = past
      return { ...rest, before: without(before) }
    }
    desk.groups[VICTIM] = { ...desk.group(VICTIM), past: without(desk.group(VICTIM).past) }
    expect(shown(desk, forged(desk, 40, at(40), { final: 0 })).at(-1)?.dispute).toMatchObject({ step: 40, gap: 39, base: { step: 0 } })
    const far = shown(desk, forged(desk, 68, at(68), { final: 0 })).at(-1)
    expect(far?.dispute).toMatchObject({ step: 68, gap: 67, stretch: { after: 4, through: 68 }, base: { step: 0 } })
    desk.tell(VICTIM, { type: 'audited', batch: at(40).batch.hash, holds: true })
    expect(brought(desk, at(68))).toMatchObject({ step: 68, stretch: { after: 4, through: 68 } })
  })
  test('is brought without what the member itself said in it', () => {
    const { desk, at } = agreed(3)
    const six = forged(desk, 2, at(2), { final: 1 }, [0, 1, 2, 3])
    shown(desk, six)
    const read = brought(desk, at(2))
    expect([read.certified?.reveals.length, read.statements.map(({ peer }) => peer)]).toEqual([3, [desk.peer(VICTIM)]])
  })
  test('also after a restart, of the steps that its record kept; of others it does not know what it came to', () => {
    const { desk, at } = agreed(40)
    desk.open(VICTIM)
    desk.drop()
    expect(shown(desk, forged(desk, 3, at(3)))).toEqual([])
    expect(shown(desk, forged(desk, 39, at(39))).map(({ dispute }) => dispute.step)).toEqual([39])
  })
  test('shows who signed both', () => {
    const { desk, at } = agreed(3)
    shown(desk, forged(desk, 2, at(2), { final: 1 }))
    expect(desk.of('fault', VICTIM).map(({ kind, peer }) => [kind, peer])).toEqual(
      [0, 1, 2].map((seat) => ['two-reveals', desk.peer(seat)]),
    )
  })
  test('is looked at once, and let be if it holds', () => {
    const { desk, at } = agreed(3)
    const certificate = forged(desk, 2, at(2), { final: 1 })
    expect(shown(desk, certificate)).toHaveLength(1)
    expect(shown(desk, certificate)).toHaveLength(1)
    desk.tell(VICTIM, { type: 'audited', batch: at(2).batch.hash, holds: true, isOver: true })
    expect(shown(desk, certificate)).toHaveLength(1)
    expect(desk.of('dispute', VICTIM)).toEqual([])
  })
  test('what says the same as it knows it does not look at; nor what only somebody shows, of what it knows; nor where nobody judges', () => {
    const { desk, at } = agreed(30)
    const before = sent(desk, VICTIM, REVEAL).length
    for (const step of [30, 3]) expect(shown(desk, at(step).certificate)).toEqual([])
    expect(sent(desk, VICTIM, REVEAL).slice(before)).toEqual([]) // nor does it tell anybody of it
    for (const step of [30, 3]) expect(shown(desk, forged(desk, step, at(step)), 'anyone')).toEqual([])
    const alone = agreed(3, { jurors: 0 })
    expect(shown(alone.desk, forged(alone.desk, 2, alone.at(2)))).toEqual([])
  })
  test('nor what is signed by too few, or by others than it says', () => {
    const { desk, at } = agreed(3)
    expect(shown(desk, forged(desk, 2, at(2), {}, [0, 1]))).toEqual([])
    const spoiled = forged(desk, 2, at(2))
    spoiled[spoiled.length - 1] = (spoiled.at(-1) as number) ^ 1
    expect(shown(desk, spoiled)).toEqual([])
    expect(desk.of('count', VICTIM).map(({ code }) => code)).toContain('CERTIFICATE_INVALID')
  })
})
