import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { network, signerAt } from '../simulations/jobs.js'
import { timeoutMessage } from '../src/messages.js'
import { Desk } from './desk.js'
import { TIMEOUT } from './revealed.js'

describe('time-outs', () => {
  test('N-q+1 time-outs of a higher rank make a member join it; fewer do not', () => {
    const desk = new Desk(5)
    const [, a, b, c] = desk.order(1) as [number, number, number, number]
    desk.write(a, 1)
    desk.drop()
    const at = (member: number, rank: number) =>
      signMessage(
        timeoutMessage,
        {
          job: bytesOfContentId(desk.setup.job),
          epoch: 1,
          step: 1,
          rank,
          from: signerAt(member).publicKey,
          previous: new Uint8Array(32),
          bound: null,
          dissents: [],
          abstained: false,
        },
        signerAt(member),
        network,
      )
    desk.tell(c, { type: 'message', from: desk.peer(a), envelope: at(a, 3) })
    expect(desk.group(c).open.givenUp).toBe(-1)
    desk.tell(c, { type: 'message', from: desk.peer(b), envelope: at(b, 2) })
    expect(desk.group(c).open.givenUp).toBe(2)
  })

  test('time-outs double, and the timer of the next rank starts at q of them', () => {
    const desk = new Desk(4)
    const [dead, ...others] = desk.order(1) as [number, ...number[]]
    const second = others[0] as number
    desk.write(second, 1)
    desk.deliver(({ to }) => to !== dead)
    desk.pass(1_000, others)
    desk.deliver(({ number, to }) => number === TIMEOUT && to !== dead)
    desk.drop() // the second collator's proposal is lost too
    const third = others[1] as number
    expect(desk.group(third).open.rank).toBe(1)
    expect(desk.group(third).open.timerAtMs).toBe(desk.nowMs + 2_000)
  })
})
