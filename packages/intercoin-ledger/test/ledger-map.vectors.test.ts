import { editHeldMap, emptyHeldMap, readHeldMap, readRange, readTotal } from '@interpeer/content-store'
import { parseAccountId } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { AccountMap, checkAccount, checkSupply, type Ledger, ledgerEdits, ledgerEntries } from '../src/index.js'
import vectors from '../vectors/ledger-map.json' with { type: 'json' }

type LedgerFields = (typeof vectors.ledgers)[number]['ledger']
function ledgerOf({ accounts, escrows, minted, burned }: LedgerFields): Ledger {
  let [held, aside]: [Ledger['accounts'], Ledger['escrows']] = [AccountMap.empty(), AccountMap.empty()]
  for (const { account, balance, nonce } of accounts) held = held.with(parseAccountId(account), { balance: BigInt(balance), nonce })
  for (const { account, amount } of escrows) aside = aside.with(parseAccountId(account), BigInt(amount))
  return { accounts: held, escrows: aside, minted: BigInt(minted), burned: BigInt(burned) }
}

test.each(vectors.ledgers)('a ledger: $name', ({ ledger: fields, entries, root, total }) => {
  const ledger = ledgerOf(fields)
  const map = editHeldMap(emptyHeldMap(), ledgerEntries(ledger))
  const listed = readHeldMap(map, readRange).entries.map(({ key, value, sum }) => ({
    key: hexOf(key),
    value: hexOf(value),
    sum: String(sum),
  }))
  expect(listed).toEqual(entries)
  expect([hexOf(map.root.hash), String(readHeldMap(map, readTotal).total)]).toEqual([root, total])
  const other = ledgerOf((vectors.ledgers[6] as (typeof vectors.ledgers)[number]).ledger)
  const edited = editHeldMap(editHeldMap(emptyHeldMap(), ledgerEntries(other)), ledgerEdits(other, ledger))
  expect(hexOf(edited.root.hash)).toBe(root)
})

test.each(vectors.accounts)('a proof of an account: $name: $expect', ({ expect: code, root, account, proof, shows }) => {
  const check = () => checkAccount(bytesOfHex(root), parseAccountId(account), bytesOfHex(proof))
  if (code !== 'ok') return expect(check).toThrow(expect.objectContaining({ code }))
  const { balance, nonce, escrow, total } = check()
  expect({ balance: String(balance), nonce, escrow: escrow === undefined ? null : String(escrow), total: String(total) }).toEqual(shows)
})

test.each(vectors.supplies)('a proof of the supply: $name: $expect', ({ expect: code, root, proof, shows }) => {
  const check = () => checkSupply(bytesOfHex(root), bytesOfHex(proof))
  if (code !== 'ok') return expect(check).toThrow(expect.objectContaining({ code }))
  const { minted, burned, total } = check()
  expect({ minted: String(minted), burned: String(burned), total: String(total) }).toEqual(shows)
})
