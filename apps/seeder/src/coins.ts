import { AMOUNT_MAX, UNITS_PER_COIN } from '@interpeer/intercoin-ledger'
import { InvalidArgumentError } from 'commander'

const DECIMALS = 9

/** Coins as people write them, to nine decimals, in units. @throws {InvalidArgumentError} none, or more than there can be */
export function unitsOf(text: string): bigint {
  const [, whole, decimals = ''] = /^(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  const units = whole === undefined ? 0n : BigInt(whole) * UNITS_PER_COIN + BigInt(decimals.padEnd(DECIMALS, '0'))
  if (units === 0n || units > AMOUNT_MAX)
    throw new InvalidArgumentError('an amount in coins, such as 2 or 0.5: at most nine decimals, not 0')
  return units
}

/** Units as coins, exactly: 1500000000n is '1.5'. */
export function coinsText(units: bigint): string {
  const decimals = String(units % UNITS_PER_COIN)
    .padStart(DECIMALS, '0')
    .replace(/0+$/, '')
  return `${units / UNITS_PER_COIN}${decimals === '' ? '' : `.${decimals}`}`
}
