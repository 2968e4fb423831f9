import { bytesOfContentId, contentIdOf, signMessage } from '@interpeer/crypto-ids'
import { expect } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { type Batch, type KnownBatch, writeBatch } from '../src/batch.js'
import { disputeOf, type Group, type GroupSetup, type ShownBy, verifyDispute } from '../src/index.js'
import { type Answer, certificateMessage, finalMessage, revealMessage } from '../src/messages.js'
import { Desk, type Letter } from './desk.js'
import { known } from './dissenting.js'
import { handing } from './kept-out.js'

/**
 * All four certify steps up to `first`. Then three go back to what they were after step `common`, and certify others up to `second` without the last one, whose steps stay as they are. What the three
 * certify differs in its requests, so batches and states differ too.
 */
export function branched(common: number, first: number, second: number, changes: Partial<GroupSetup> = {}) {
  const desk = new Desk(4, { jurors: 4, ...changes })
  const away = desk.order(common + 1)[3] as number
  const rest = [0, 1, 2, 3].filter((member) => member !== away)
  const apart = ({ from, to }: Letter) => from !== away && to !== away
  const certify = (step: number, n: number, fits: (letter: Letter) => boolean, members: readonly number[]) => {
    const teller = rest[0] as number
    desk.write(teller, n)
    for (let i = 0; i < 60 && known(desk, teller, step) === undefined; i++) {
      desk.deliver(fits)
      desk.pass(250, members)
    }
    desk.endWindow(fits, members)
    desk.drop()
  }
  const all = () => true
  const kept = [[...desk.groups]]
  for (let step = 1; step <= first; step++) {
    certify(step, step, all, [0, 1, 2, 3])
    kept.push([...desk.groups])
  }
  expect(desk.group(away).base.step).toBe(first)
  const before = (step: number) => kept[step]?.[away] as Group
  const firstBranch = [...desk.groups]
  for (const member of rest) desk.groups[member] = kept[common]?.[member] as Group
  for (let step = common + 1; step <= second; step++) certify(step, 100 + step, apart, rest)
  /** They go on with the first branch. */
  const back = () => {
    for (const member of rest) desk.groups[member] = firstBranch[member] as Group
  }
  const teller = rest[0] as number
  const certificateOf = (step: number) => known(desk, teller, step).certified.certificate
  const batchOf = (step: number) => known(desk, teller, step).certified.batch.hash
  const show = (step: number, by: ShownBy = 'anyone') =>
    desk.tell(away, { type: 'shown', from: desk.peer(teller), certificate: certificateOf(step), by })
  const audited = (step: number, holds: boolean) => desk.tell(away, { type: 'audited', batch: batchOf(step), holds })
  const audits = () => desk.of('audit', away).map(({ dispute: { step, gap, base } }) => ({ step, gap, from: base.step }))
  const told = () => desk.of('final', away).map(({ step }) => step)
  const goOn = (step: number, n: number) => certify(step, n, all, [0, 1, 2, 3])
  return {
    desk,
    away,
    teller,
    rest,
    before,
    back,
    certify: goOn,
    show,
    ...handing(desk, teller, away),
    audited,
    audits,
    told,
    batchOf,
    certificateOf,
  }
}
/** A certificate as these members sign it. */
export function signedBy(
  desk: Desk,
  seats: readonly number[],
  of: { readonly step: number; readonly rank: number; readonly batch: Uint8Array; readonly start: Uint8Array },
  answer: (seat: number) => Answer,
): Uint8Array {
  const { start, ...rest } = of
  const place = { ...rest, job: bytesOfContentId(desk.setup.job), epoch: 1 }
  const reveals = seats.map((seat) => {
    const value = { ...place, from: signerAt(seat).publicKey, start, salt: new Uint8Array(32), answer: answer(seat) }
    return signMessage(revealMessage, value, signerAt(seat), network)
  })
  return certificateMessage.encode({ ...place, reveals })
}
/** A step that all but one certify in a batch like its last one, and that runs on something else than that came to; handed to it. */
export function fromElsewhere(
  desk: Desk,
  away: number,
  last: KnownBatch,
  answer: Answer,
  changes: Partial<Batch> & { readonly step: number },
) {
  const rest = [0, 1, 2, 3].filter((seat) => seat !== away)
  const { step } = changes
  const batch = writeBatch({ ...last.value, final: step - 1, timeMs: last.value.timeMs + 1, requests: [], events: [], ...changes })
  const start = batch.value.from
  const place = { step, rank: 0, batch: batch.hash, start }
  const certificate = signedBy(desk, rest, place, () => ({ ...answer, root: start, final: step - 1, disputed: 0 }))
  const teller = rest[0] as number
  const value = { job: bytesOfContentId(desk.setup.job), epoch: 1, from: signerAt(teller).publicKey, step, certificate, batch: batch.bytes }
  const envelope = signMessage(finalMessage, value, signerAt(teller), network)
  desk.tell(away, { type: 'message', from: desk.peer(teller), envelope })
  desk.drop()
  return { certificate, batch }
}
export const ELSEWHERE = contentIdOf(new Uint8Array([7]), 'dag-cbor')
/** What it tells the chain, as that reads it. */
export function brought({ desk, away }: ReturnType<typeof branched>) {
  return desk.of('dispute', away).map((effect) => {
    const bytes = disputeOf(desk.group(away), effect, 300_000)
    if (bytes === undefined) throw new Error('nothing to bring')
    return verifyDispute(bytes, desk.setup, verification)
  })
}
