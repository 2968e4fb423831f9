import { expect } from 'vitest'
import { GROUP_DEFAULTS, type GroupSetup } from '../src/index.js'
import { Desk, type Letter } from './desk.js'
import { FINAL, known, sendStep } from './dissenting.js'

export const HALF_MS = GROUP_DEFAULTS.dissentWindowMs / 2

/** What one member hands to another, and that one hears nothing else. */
export const handing = (desk: Desk, teller: number, away: number) => ({
  /** A step. */
  give: (step: number): void => {
    sendStep(desk, teller, step)
    desk.deliver(({ from, to, number }) => from === teller && to === away && number === FINAL)
    desk.drop()
  },
  /** It hears nothing for so long. */
  wait: (ms: number): void => {
    desk.pass(ms, [away])
    desk.drop()
  },
})

/** All four certify step 1; then three go on to this step, and the last one hears nothing. The window of these steps is over before the next one, which names them final. */
export function keptOut(last = 4, named: readonly number[] = [last - 1], changes: Partial<GroupSetup> = {}) {
  const desk = new Desk(4, { jurors: 4, ...changes })
  const teller = desk.order(1)[0] as number
  const away = [0, 1, 2, 3].find((member) => member !== teller && member !== desk.order(2)[0]) as number
  const rest = [0, 1, 2, 3].filter((member) => member !== away)
  const apart = ({ from, to }: Letter) => from !== away && to !== away
  desk.write(teller, 1)
  desk.deliver()
  expect(desk.of('final', away).map(({ step }) => step)).toEqual([1])
  for (let step = 2; step <= last; step++) {
    desk.write(teller, step)
    for (let i = 0; i < 60 && known(desk, teller, step) === undefined; i++) {
      desk.deliver(apart)
      desk.pass(250, rest)
    }
    if (named.includes(step)) desk.endWindow(apart, rest)
  }
  desk.drop()
  const audited = (batch: Uint8Array, holds: boolean) => desk.tell(away, { type: 'audited', batch, holds })
  const batchOf = (step: number) => known(desk, teller, step).certified.batch.hash
  return { desk, away, teller, rest, ...handing(desk, teller, away), audited, batchOf }
}
