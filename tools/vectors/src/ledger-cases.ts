import { contractOf } from './files.js'
import { type Fields, sealOf } from './maker.js'
import { hexOfPieces, type Value } from './value.js'
import { write } from './write.js'

/** The hash of the `ledger` data set. */
export function ledgerVectors() {
  const type = contractOf('intercoin-ledger').type('ledger-data')
  const sum = (value: bigint): Fields => ({ high: String(value >> 64n), low: String(value & (2n ** 64n - 1n)) })
  const account = (digits: string, balance: string, nonce: number): Fields => ({ account: digits.repeat(32), balance, nonce })
  const escrow = (digits: string, amount: string): Fields => ({ job: digits.repeat(32), amount })
  const hashed = (name: string, accounts: readonly Fields[], escrows: readonly Fields[], minted: bigint, burned: bigint) => {
    const value: Value = { accounts, escrows, minted: sum(minted), burned: sum(burned) }
    const hex = hexOfPieces(write(type, value))
    return { name, expect: 'ok', value, hex, hash: sealOf('ledger', [hex]) }
  }
  const most = '18446744073709551615'
  return {
    cases: [
      hashed('an empty ledger', [], [], 0n, 0n),
      hashed('one account', [account('0a', '7', 0)], [], 7n, 0n),
      hashed('an account that spent all it had', [account('0a', '0', 3)], [], 7n, 7n),
      hashed(
        'accounts and escrows',
        [account('0a', '23', 1), account('0b', '24', 0), account('fe', '9007199254740993', 70_000)],
        [escrow('01', '0'), escrow('02', '256')],
        2n ** 54n,
        5n,
      ),
      hashed(
        'the largest balances, a sum of more than 64 bits',
        [account('00', most, 0), account('ff', most, Number.MAX_SAFE_INTEGER)],
        [escrow('80', most)],
        3n * (2n ** 64n - 1n),
        0n,
      ),
      hashed('as much burned', [], [], 2n ** 100n, 2n ** 100n),
    ],
  }
}
