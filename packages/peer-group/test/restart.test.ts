import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { Desk } from './desk.js'
import { PROPOSAL, REVEAL, revealed, SEAL, TIMEOUT } from './revealed.js'

describe('after a restart', () => {
  test('the same bytes are sent again: proposal, seal, reveal, time-outs', () => {
    const { desk, collator, others } = revealed(5)
    const before = new Map<number, Set<string>>()
    desk.pass(1_000, others)
    for (const member of [collator, ...others]) {
      const { sealed, revealed: shown } = desk.group(member).open // the collator's own were not sent yet
      const sent = [...desk.of('send', member), ...[sealed, shown].filter((one) => one !== undefined)]
      before.set(member, new Set(sent.map(({ envelope }) => hexOf(envelope))))
    }
    const numbers = new Set<number>()
    for (const member of [collator, ...others]) {
      desk.drop()
      desk.open(member)
      for (const { number, envelope } of desk.letters) {
        if (![PROPOSAL, SEAL, REVEAL, TIMEOUT].includes(number as never)) continue
        numbers.add(number)
        expect([number, before.get(member)?.has(hexOf(envelope))]).toEqual([number, true])
      }
    }
    expect(numbers).toEqual(new Set([PROPOSAL, SEAL, REVEAL, TIMEOUT]))
  })

  test('a member killed at any effect of a step never signs two different things', () => {
    for (let cut = 0; cut < 12; cut++) {
      const desk = new Desk(4)
      desk.write(0, 1)
      let left = cut
      for (let i = 0; i < 400 && desk.letters.length > 0; i++) {
        const [letter] = desk.letters.splice(0, 1)
        if (letter === undefined) break
        desk.tell(letter.to, { type: 'message', from: desk.peer(letter.from), envelope: letter.envelope })
        if (letter.to === 1 && left-- === 0) desk.open(1)
      }
      for (let i = 0; i < 6; i++) {
        desk.pass(600)
        desk.deliver()
      }
      expect(desk.of('fault')).toEqual([])
      expect(desk.of('final', 1).length).toBeGreaterThan(0)
      expect(
        new Set(
          desk
            .of('final')
            .filter(({ step }) => step === 1)
            .map(({ state }) => state),
        ).size,
      ).toBe(1)
    }
  })
})
