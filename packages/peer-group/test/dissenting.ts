import { bytesOfContentId, peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { network, signerAt } from '../simulations/jobs.js'
import type { KnownStep } from '../src/group-state.js'
import { GROUP_DEFAULTS, type GroupSetup } from '../src/index.js'
import { type Dissent, dissentMessage, finalMessage } from '../src/messages.js'
import { Desk, type Letter } from './desk.js'

const { rankTimerMs } = GROUP_DEFAULTS
export const [REVEAL, FINAL, DISSENT, WITHHELD, HELD, LATE] = [52, 55, 60, 61, 62, 63] as const

/** All but one answer alike; that one comes to another root, and only by a run of what the others certified: it never sealed. */
export function dissenting(jurors: number, changes: Partial<GroupSetup> = {}) {
  const desk = new Desk(4, { jurors, ...changes })
  const [collator] = desk.order(1) as [number]
  const dissenter = desk.order(1).find((member) => member !== collator && member !== desk.order(2)[0]) as number
  const rest = [0, 1, 2, 3].filter((member) => member !== dissenter)
  const honest = desk.run
  desk.run = (member, effect) => {
    const ran = honest(member, effect)
    return member === dissenter && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
  }
  desk.write(collator, 1)
  const apart = ({ from, to, number }: Letter) => from !== dissenter && (to !== dissenter || number === 48)
  desk.deliver(apart)
  desk.endGrace(apart, rest)
  desk.drop(({ number }) => number !== FINAL)
  return { desk, collator, dissenter, rest }
}
export const known = (desk: Desk, member: number, step = 1) => desk.group(member).steps.find((one) => one.step === step) as KnownStep
export const sent = (desk: Desk, member: number, number: number) =>
  desk.of('send', member).filter(({ envelope }) => peekMessageNumber(envelope) === number)
export const settle = (desk: Desk, rounds = 3, fits?: (letter: Letter) => boolean) => {
  for (let i = 0; i < rounds; i++) {
    for (const ms of [200, rankTimerMs]) {
      desk.pass(ms)
      desk.deliver(fits)
    }
  }
}
/** Has a member hand a step that it knows to all others. */
export function sendStep(desk: Desk, from: number, step: number): void {
  const { certified } = known(desk, from, step)
  const { job, epoch } = desk.setup
  const fields = { job: bytesOfContentId(job), epoch, from: signerAt(from).publicKey, step }
  const value = { ...fields, certificate: certified.certificate, batch: certified.batch.bytes }
  const envelope = signMessage(finalMessage, value, signerAt(from), network)
  for (const to of desk.groups.keys()) if (to !== from) desk.letters.push({ from, to, number: FINAL, envelope })
}
/** What a member would say against step 1, or another in its name. */
export function dissentOf(desk: Desk, member: number, told: number, changes: Partial<Dissent> = {}): Uint8Array {
  const { certified, step } = known(desk, told)
  const { job, epoch } = desk.setup
  const fields = {
    job: bytesOfContentId(job),
    epoch,
    step,
    rank: certified.rank,
    batch: certified.batch.hash,
    from: signerAt(member).publicKey,
    start: bytesOfContentId(certified.start),
    answer: { ...certified.answer, fuel: 7, own: new Uint8Array(32) },
    ...changes,
  }
  return signMessage(dissentMessage, fields, signerAt(member), network)
}
export const tell = (desk: Desk, member: number, from: number, envelope: Uint8Array) =>
  desk.tell(member, { type: 'message', from: desk.peer(from), envelope })
