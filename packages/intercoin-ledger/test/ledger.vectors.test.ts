import { parseAccountId } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { ledgerHash } from '../src/index.js'
import ledger from '../vectors/ledger.json' with { type: 'json' }

const sumOf = ({ high, low }: { readonly high: string; readonly low: string }): bigint => (BigInt(high) << 64n) + BigInt(low)

test.each(ledger.cases)('the data set: $name', ({ value, hash }) => {
  for (const inOrder of [true, false]) {
    const [accounts, escrows] = inOrder ? [value.accounts, value.escrows] : [value.accounts.toReversed(), value.escrows.toReversed()]
    const held = {
      accounts: new Map(accounts.map(({ account, balance, nonce }) => [parseAccountId(account), { balance: BigInt(balance), nonce }])),
      escrows: new Map(escrows.map(({ job, amount }) => [parseAccountId(job), BigInt(amount)])),
      minted: sumOf(value.minted),
      burned: sumOf(value.burned),
    }
    expect(hexOf(ledgerHash(held))).toBe(hash)
  }
})
