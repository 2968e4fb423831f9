import { verification } from '../simulations/jobs.js'
import { type Timeout, timeoutMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { Desk } from './desk.js'

export const [PROPOSAL, SEAL, COMMIT_SET, REVEAL, TIMEOUT, FINAL] = [49, 50, 51, 52, 53, 55] as const

/** Five members up to the reveals of rank 0, which are under way to a collator that will never hear them. */
export function revealed(peers = 4) {
  const desk = new Desk(peers)
  const [collator, ...others] = desk.order(1) as [number, ...number[]]
  desk.write(collator, 1)
  desk.deliver(({ number }) => number !== REVEAL)
  desk.drop()
  return { desk, collator, others }
}
export const timeoutsOf = (desk: Desk, member: number): Timeout[] => {
  const verifier = createVerifier(desk.context, verification)
  return desk
    .of('send', member)
    .map(({ envelope }) => verifier.open(timeoutMessage, envelope))
    .flatMap((opened) => (typeof opened === 'string' ? [] : [opened.value]))
}
export const sentBy = (desk: Desk, member: number, number: number) =>
  desk.letters.filter((one) => one.from === member && one.number === number)
