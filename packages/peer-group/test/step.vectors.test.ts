import { peekMessageNumber } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf, type Message } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { execute, verification } from '../simulations/jobs.js'
import { verifyCertificate } from '../src/index.js'
import * as messages from '../src/messages.js'
import { createVerifier, type FromMember } from '../src/verifier.js'
import { Desk } from './desk.js'

interface Said {
  readonly name: string
  readonly message: string
  readonly expect: string
  readonly hex: string
}
const SIGNED = [
  ...[messages.offerMessage, messages.proposalMessage, messages.sealMessage, messages.commitSetMessage, messages.revealMessage],
  ...[messages.timeoutMessage, messages.finalMessage],
] as unknown as readonly Message<FromMember>[]

/** One whole step of a group of four, as it is played on a desk, and a time-out of the next one. */
function stepVectors() {
  const desk = new Desk(4)
  desk.run = (_, effect) => ({ ...execute(effect), fuel: 0 })
  desk.write(0, 1)
  desk.deliver()
  const [final] = desk.of('final', desk.order(1)[0])
  if (final === undefined) throw new Error('no step')
  desk.write(0, 2)
  desk.pass(60_000) // nobody heard of it in time
  const sent = desk.of('send').map(({ envelope }) => envelope)
  const good = SIGNED.map(({ name, number }): Said => {
    const envelope = sent.find((one) => peekMessageNumber(one) === number)
    if (envelope === undefined) throw new Error(`no ${name}`)
    return { name: `a ${name}`, message: name, expect: 'ok', hex: hexOf(envelope) }
  })
  const { certificate, batch, state } = final
  const seal = good.find(({ message }) => message === 'group-seal')?.hex as string
  const bent = (at: number): string =>
    hexOf(bytesOfHex(seal).map((byte, i, all) => (i === (at + all.length) % all.length ? byte ^ 1 : byte)))
  return {
    note: 'made by this package: keys SHA-256("peer 0") to ("peer 3"), see vectors/README.md',
    certificate: hexOf(certificate),
    batch: hexOf(batch),
    state,
    messages: [
      ...good,
      { name: 'a seal, its signature bent', message: 'group-seal', expect: 'SIGNATURE_WRONG', hex: bent(-1) },
      { name: 'a seal, its envelope header bent', message: 'group-seal', expect: 'MESSAGE_UNREADABLE', hex: bent(0) },
      { name: 'a seal, one byte short', message: 'group-seal', expect: 'MESSAGE_UNREADABLE', hex: seal.slice(0, -2) },
      { name: 'a seal, read as a reveal', message: 'group-reveal', expect: 'MESSAGE_UNREADABLE', hex: seal },
    ],
  }
}
const vectors = stepVectors()

test('one whole step of a group of four is as the file has it: whoever plays it comes to the same bytes', async () => {
  await expect(`${JSON.stringify(vectors, null, 2)}\n`).toMatchFileSnapshot('../vectors/step.json')
})
test.each(vectors.messages)('$name: $expect', ({ message, hex, expect: code }) => {
  const declared = SIGNED.find(({ name }) => name === message) as Message<FromMember>
  const opened = createVerifier(new Desk(4).context, verification).open(declared, bytesOfHex(hex))
  expect(typeof opened === 'string' ? opened : 'ok').toBe(code)
})
test('the certificate and the batch hold, and certify the state', () => {
  const certified = verifyCertificate(bytesOfHex(vectors.certificate), bytesOfHex(vectors.batch), new Desk(4).context)
  expect(certified.state).toBe(vectors.state)
})
