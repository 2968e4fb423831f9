import { peekMessageNumber } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf, type Message } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchMessage, MEMBERS_MAX, siteReply, stepGroup, verifyCertificate } from '../src/index.js'
import * as messages from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import vectors from '../vectors/step.json' with { type: 'json' }
import { Desk } from './desk.js'

const declared = [batchMessage, ...Object.values(messages)].filter(
  (one): one is typeof messages.sealMessage => typeof one === 'object' && 'encode' in one && 'number' in one,
) as unknown as Message<never>[]

test('a reply has no field for a batch: its proof leads to the seed, and so to the tokens of others', () => {
  expect(siteReply.cddl()).not.toContain('batch')
})
test('the largest time-outs and tallies of the largest group fit into one proposal', () => {
  const quorum = Math.floor((2 * MEMBERS_MAX) / 3) + 1
  expect(quorum * (messages.TIMEOUT_MAX_BYTES + messages.TALLY_MAX_BYTES) + 20_000).toBeLessThan(messages.proposalMessage.maxBytes)
})

describe('vectors: one whole step of a group of four', () => {
  const desk = new Desk(4)
  test.each(vectors.messages)('$name: $expect', ({ message, hex, expect: code }) => {
    const declaredMessage = declared.find(({ name }) => name === message) as unknown as Message<{
      job: Uint8Array
      epoch: number
      from: Uint8Array
    }>
    const opened = createVerifier(desk.context).open(declaredMessage, bytesOfHex(hex))
    expect(typeof opened === 'string' ? opened : 'ok').toBe(code)
  })
  test('the certificate holds, and the same step played again gives the same bytes', () => {
    const certified = verifyCertificate(bytesOfHex(vectors.certificate), bytesOfHex(vectors.batch), desk.context)
    expect(certified.state).toBe(vectors.state)
    desk.write(0, 1)
    desk.deliver()
    const [final] = desk.of('final', desk.order(1)[0])
    expect([hexOf(final?.certificate ?? new Uint8Array()), hexOf(final?.batch ?? new Uint8Array())]).toEqual([
      vectors.certificate,
      vectors.batch,
    ])
  })
})

describe('bad input never throws', () => {
  const desk = new Desk(4)
  desk.write(0, 1)
  desk.deliver()
  desk.write(1, 2)
  const sent = desk.of('send').map(({ envelope }) => envelope)
  const group = desk.group(2)
  const tell = (envelope: Uint8Array) => stepGroup(group, { type: 'message', from: desk.peer(1), envelope, nowMs: desk.nowMs })

  test('random bytes, cut messages, and messages with one byte bent are counted', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(tell(bytes).effects.some(({ type }) => type === 'count')).toBe(true)
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...sent), fc.nat(), fc.integer({ min: 1, max: 255 }), (envelope, at, bit) => {
        const bent = envelope.slice()
        bent[at % bent.length] = (bent[at % bent.length] as number) ^ bit
        tell(bent)
        tell(envelope.subarray(0, at % envelope.length))
      }),
      { numRuns: 300 },
    )
  })

  test('another epoch, another job, strangers: each has its code', () => {
    const at = sent.find((one) => peekMessageNumber(one) === messages.sealMessage.number) as Uint8Array
    for (const [changes, code] of [
      [{ epoch: 2 }, 'OTHER_EPOCH'],
      [{ job: desk.setup.start as never }, 'OTHER_JOB'],
    ] as const) {
      const other = new Desk(4, changes)
      other.tell(2, { type: 'message', from: desk.peer(1), envelope: at })
      expect(other.counted(2)).toEqual([code])
    }
    const larger = new Desk(7)
    larger.write(0, 1)
    larger.deliver()
    const outside = larger.order(1)[0] === 6 ? 5 : 6
    const stranger = larger
      .of('send', outside)
      .map(({ envelope }) => envelope)
      .find((one) => peekMessageNumber(one) === messages.sealMessage.number)
    desk.tell(2, { type: 'message', from: desk.peer(1), envelope: stranger as Uint8Array })
    expect(desk.counted(2).at(-1)).toBe('NOT_A_MEMBER')
  })
})
