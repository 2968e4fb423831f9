import { bytesOfContentId, peekPayload, signMessage } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { openShadow, readBatch, revealMessage, stepShadow, verifyCertificate } from '../src/index.js'
import { certificateMessage, finalMessage, proposalMessage } from '../src/messages.js'
import { Desk } from './desk.js'

/** A group of which all but one member lie alike: the root that they sign names nothing. */
function lyingGroup() {
  const desk = new Desk(4)
  const [collator, honest] = [desk.order(1)[0] as number, desk.order(1)[1] as number]
  desk.write(collator, 1)
  desk.deliver(({ to, number }) => to === honest && number === proposalMessage.number)
  const proposal = desk.of('send', collator).find(({ envelope }) => peekPayload(envelope)?.[2] === proposalMessage.number)
  const { batch } = proposalMessage.decode(peekPayload(proposal?.envelope as Uint8Array) as Uint8Array)
  const { hash, from } = readBatch(batch)
  const zeros = new Uint8Array(32)
  const place = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 1, rank: 0, batch: hash }
  const answer = { root: new Uint8Array(36), responses: zeros, effects: zeros, fuel: 0, own: zeros }
  const liars = [0, 1, 2, 3].filter((member) => member !== honest)
  const reveals = liars.map((member) => {
    const said = { ...place, from: signerAt(member).publicKey, start: bytesOfContentId(from), salt: zeros, answer }
    return { member, envelope: signMessage(revealMessage, said, signerAt(member), network) }
  })
  const certificate = certificateMessage.encode({ ...place, reveals: reveals.map(({ envelope }) => envelope) })
  const said = { job: place.job, epoch: 1, step: 1, from: signerAt(collator).publicKey, certificate, batch }
  return { desk, honest, collator, reveals, certificate, batch, final: signMessage(finalMessage, said, signerAt(collator), network) }
}

test('reveals of a quorum whose root names nothing make nothing final', () => {
  const { desk, honest, reveals } = lyingGroup()
  for (const { member, envelope } of reveals) desk.tell(honest, { type: 'message', from: desk.peer(member), envelope })
  expect(desk.counted(honest).filter((code) => code === 'REVEAL_INVALID')).toHaveLength(3)
  expect(desk.of('final', honest)).toEqual([])
})
test('nor does their certificate, for a member, a newcomer or a visitor', () => {
  const { desk, honest, collator, certificate, batch, final } = lyingGroup()
  desk.tell(honest, { type: 'message', from: desk.peer(collator), envelope: final })
  expect(desk.counted(honest)).toContain('CERTIFICATE_INVALID')
  expect(desk.of('final', honest)).toEqual([])
  const shadow = openShadow(desk.context, undefined, verification)
  expect(stepShadow(shadow, { type: 'message', envelope: final })).toEqual({
    state: shadow,
    effects: [{ type: 'count', code: 'CERTIFICATE_INVALID' }],
  })
  expect(() => verifyCertificate(certificate, batch, desk.context)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_INVALID' }))
})
