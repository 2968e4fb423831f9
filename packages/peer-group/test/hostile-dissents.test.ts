import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { signerAt } from '../simulations/jobs.js'
import { dissenting, dissentOf, known, tell } from './dissenting.js'

describe('hostile dissents', () => {
  test.each<[string, string, (given: ReturnType<typeof dissenting>, told: number) => Uint8Array]>([
    ['of another epoch', 'OTHER_EPOCH', ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { epoch: 2 })],
    ['of a stranger', 'NOT_A_MEMBER', ({ desk }, told) => dissentOf(desk, 9, told)],
    [
      'signed by another',
      'SIGNATURE_WRONG',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { from: signerAt(told).publicKey }),
    ],
    [
      'against another batch',
      'DISSENT_INVALID',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { batch: new Uint8Array(32) }),
    ],
    [
      'from another state',
      'DISSENT_INVALID',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { start: new Uint8Array(36) }),
    ],
    [
      'that agrees',
      'DISSENT_INVALID',
      ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { answer: known(desk, told).certified.answer }),
    ],
    [
      'with a root that names nothing',
      'DISSENT_UNKNOWN',
      ({ desk, dissenter }, told) =>
        dissentOf(desk, dissenter, told, { answer: { ...known(desk, told).certified.answer, root: new Uint8Array(36) } }),
    ],
    ['of a step that is not certified', 'DISSENT_UNKNOWN', ({ desk, dissenter }, told) => dissentOf(desk, dissenter, told, { step: 2 })],
  ])('%s: %s', (_, code, make) => {
    const given = dissenting(4)
    const { desk, dissenter, rest } = given
    const [hearer] = rest as [number]
    const record = desk.records[hearer]
    expect(tell(desk, hearer, dissenter, make(given, hearer))).toContainEqual({ type: 'count', code })
    expect(known(desk, hearer).dissents.size).toBe(0)
    expect(desk.records[hearer]).toBe(record)
  })

  test('one member fills no more than its own place', () => {
    const { desk, dissenter, rest } = dissenting(4)
    const [hearer] = rest as [number]
    for (let fuel = 1; fuel < 40; fuel++) {
      tell(desk, hearer, dissenter, dissentOf(desk, dissenter, hearer, { answer: { ...known(desk, hearer).certified.answer, fuel } }))
    }
    expect(known(desk, hearer).dissents.size).toBe(1)
    expect(hexOf(known(desk, hearer).dissents.get(dissenter) as Uint8Array)).toBe(
      hexOf(dissentOf(desk, dissenter, hearer, { answer: { ...known(desk, hearer).certified.answer, fuel: 1 } })),
    )
  })
})
