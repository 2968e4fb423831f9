import { bytesOfContentId, peekPayload, signMessage } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { openShadow, readBatch, recordReferences, revealMessage, stepShadow, verifyCertificate } from '../src/index.js'
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
  const answer = { root: new Uint8Array(36), responses: zeros, effects: zeros, fuel: 0, final: 0, disputed: 0, own: zeros }
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
  expect([...desk.of('provisional', honest), ...desk.of('final', honest)]).toEqual([])
  expect(desk.group(honest).base.step).toBe(0)
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

/** A group of which one member, no collator, reveals a root that names nothing; all its letters but that one are as they should be. */
function oneLiar() {
  const desk = new Desk(4)
  const [collator, ...others] = desk.order(1) as [number, number, number, number]
  const liar = others[2]
  desk.write(collator, 1)
  desk.deliver(({ from, number }) => from !== liar || number !== revealMessage.number)
  const told = desk.letters.find(({ from, number }) => from === liar && number === revealMessage.number)
  const said = revealMessage.decode(peekPayload(told?.envelope as Uint8Array) as Uint8Array)
  const lie = signMessage(revealMessage, { ...said, answer: { ...said.answer, root: new Uint8Array(36) } }, signerAt(liar), network)
  desk.drop(({ from }) => from === liar)
  return { desk, collator, liar, lie, honest: [0, 1, 2, 3].filter((member) => member !== liar) }
}

test('one whose root names nothing is left out: the others have their certificate, and what they keep can be read', () => {
  const { desk, collator, liar, lie, honest } = oneLiar()
  desk.tell(collator, { type: 'message', from: desk.peer(liar), envelope: lie })
  desk.deliver()
  desk.endGrace(({ from }) => from !== liar, honest)
  for (const member of honest) {
    const [final] = desk.of('provisional', member)
    const { agreed, contradicted, state } = verifyCertificate(final?.certificate as Uint8Array, final?.batch as Uint8Array, desk.context)
    expect([agreed.length, contradicted]).toEqual([3, []])
    expect(agreed).not.toContain(desk.peer(liar))
    expect(recordReferences(desk.records[member] as Uint8Array, desk.setup.job, 1)).toContain(state)
  }
})
test('a certificate that holds it beside a quorum is none, for a member, a newcomer or a visitor', () => {
  const { desk, collator, liar, lie } = oneLiar()
  desk.endGrace(undefined, [collator])
  const [made] = desk.of('provisional', collator)
  const [honest] = desk.order(1).filter((member) => member !== collator && member !== liar) as [number]
  const read = certificateMessage.decode(made?.certificate as Uint8Array)
  const bySeat = new Map(
    verifyCertificate(made?.certificate as Uint8Array, made?.batch as Uint8Array, desk.context).reveals.map((one) => [
      one.seat,
      one.envelope,
    ]),
  )
  const reveals = [0, 1, 2, 3].map((seat) => bySeat.get(seat) ?? lie)
  expect(reveals.filter((one) => one === lie)).toHaveLength(1)
  const certificate = certificateMessage.encode({ ...read, reveals })
  const batch = made?.batch as Uint8Array
  const said = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 1, from: signerAt(collator).publicKey, certificate, batch }
  const envelope = signMessage(finalMessage, said, signerAt(collator), network)
  const late = new Desk(4)
  late.tell(honest, { type: 'message', from: late.peer(collator), envelope })
  expect(late.counted(honest)).toEqual(['CERTIFICATE_INVALID'])
  expect(late.of('final', honest)).toEqual([])
  const shadow = openShadow(desk.context, undefined, verification)
  const refused = [{ type: 'count', code: 'CERTIFICATE_INVALID' }]
  expect(stepShadow(shadow, { type: 'message', envelope })).toEqual({ state: shadow, effects: refused })
  expect(() => verifyCertificate(certificate, batch, desk.context)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_INVALID' }))
})
