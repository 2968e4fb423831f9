import { addressesOf } from '../../../packages/php-runtime-bridge/src/meter/addresses.js'
import { cardTableAbove, heapBaseOf } from '../../../packages/php-runtime-bridge/src/meter/cards.js'
import type { StackBounds } from '../../../packages/php-runtime-bridge/src/meter/meter.js'
import { type MeteredModule, meterOptions } from '../../../packages/php-runtime-bridge/src/node/binary.js'
import { readPhp } from '../../../packages/php-runtime-bridge/src/node/builds.js'
import { functionIndex } from '../../../packages/php-runtime-bridge/src/node/function-named.js'
import { meteredBinary } from '../../../packages/php-runtime-bridge/src/node/metered-binary.js'
import { wasm } from '../../../packages/php-runtime-bridge/src/node/wasm-api.js'

/** PHP 8.2, metered as the product meters it, with all of its exports: the product has no use for PHP's command line. */
export async function meteredPhp(): Promise<MeteredModule> {
  const given = await readPhp('8.2')
  const cards = cardTableAbove(heapBaseOf(given))
  const { bytes, stack } = await meteredBinary(given, { ...meterOptions, cards })
  const module = await wasm.compile(bytes)
  return {
    module,
    stack: stack as StackBounds,
    cards,
    addresses: addressesOf(given),
    sqliteRandomness: functionIndex(given, 'sqlite3_randomness'),
    processOpener: functionIndex(given, 'zif_proc_open'),
  }
}
