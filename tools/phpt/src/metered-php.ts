import { addressesOf } from '../../../packages/php-runtime-bridge/src/meter/addresses.js'
import { cardTableAbove, heapBaseOf } from '../../../packages/php-runtime-bridge/src/meter/cards.js'
import type { StackBounds } from '../../../packages/php-runtime-bridge/src/meter/meter.js'
import { meterOptions, type PhpBinary } from '../../../packages/php-runtime-bridge/src/node/binary.js'
import { readPhp } from '../../../packages/php-runtime-bridge/src/node/builds.js'
import { functionIndex } from '../../../packages/php-runtime-bridge/src/node/function-named.js'
import { meteredBinary } from '../../../packages/php-runtime-bridge/src/node/metered-binary.js'
import { shareBytes } from '../../../packages/php-runtime-bridge/src/node/shared-bytes.js'
import { isUsed } from '../../../packages/php-runtime-bridge/src/node/used-exports.js'
import { wasm } from '../../../packages/php-runtime-bridge/src/node/wasm-api.js'
import { slim } from '../../../packages/php-runtime-bridge/src/slim.js'

/** PHP's command line, which the product has no use for. */
const COMMAND_LINE = new Set(['run_cli'])

export type PhpOfTests = Pick<PhpBinary, 'binary' | 'data'>

/** PHP 8.2, metered as the product meters it, and made lean as there: each test makes an instance of it. */
export async function meteredPhp(): Promise<PhpOfTests> {
  const given = await readPhp('8.2')
  const cards = cardTableAbove(heapBaseOf(given))
  const metered = await meteredBinary(given, { ...meterOptions, cards })
  const { bytes, memory } = slim(metered.bytes, (name) => isUsed(name) || COMMAND_LINE.has(name))
  const binary = {
    module: await wasm.compile(bytes),
    stack: metered.stack as StackBounds,
    cards,
    addresses: addressesOf(given),
    sqliteRandomness: functionIndex(given, 'sqlite3_randomness'),
    processOpener: functionIndex(given, 'zif_proc_open'),
  }
  return { binary, data: memory && shareBytes(memory) }
}
