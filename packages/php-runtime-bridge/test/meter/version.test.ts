import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { cardTableAbove } from '../../src/meter/cards.js'
import { METER_VERSION, type MeterOptions, meter } from '../../src/meter/meter.js'
import { get, i32, int, oneFunction, u } from './assembler.js'
import { richModule } from './rich-module.js'

const fills = oneFunction([i32, i32], [], [], [...get(0), ...int(7), ...get(1), 0xfc, ...u(11), 0, ...get(0), ...get(1), 0x36, 2, 0])

test('the version is raised with every change of what is written: kept binaries and runtime ids go by it', () => {
  const stack = { floor: 1024, top: 65_536 }
  const digest = (module: Uint8Array, options: MeterOptions) =>
    createHash('sha256').update(meter(module, options).bytes).digest('hex').slice(0, 16)
  expect([
    METER_VERSION,
    digest(richModule(), { stack }),
    digest(richModule({ side: true }), { kind: 'side', stack }),
    digest(fills, { cards: cardTableAbove(512) }),
  ]).toMatchInlineSnapshot(`
    [
      6,
      "db3d06c6b2e7538c",
      "562d5493bc5e3425",
      "993001ab05091c65",
    ]
  `)
})
