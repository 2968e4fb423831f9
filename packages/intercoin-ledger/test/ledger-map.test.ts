import { editHeldMap, emptyHeldMap, type HeldMap, proveEntry, readHeldMap, readTotal } from '@interpeer/content-store'
import { type AccountId, bytesOfAccount } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  accountOf,
  assertConserved,
  assertTotal,
  beginLedger,
  checkAccount,
  checkSupply,
  EMPTY_LEDGER,
  escrowOf,
  type Ledger,
  ledgerEdits,
  ledgerEntries,
  mint,
  openEscrow,
  SUPPLY_KEY,
  supplyOf,
  transfer,
} from '../src/index.js'
import { accounts, after, anyOperation } from './operations.js'

const [alice, bob, job] = accounts as [AccountId, AccountId, AccountId]
const mapOf = (ledger: Ledger): HeldMap => editHeldMap(emptyHeldMap(), ledgerEntries(ledger))
const proofIn = (map: HeldMap, key: Uint8Array): Uint8Array => readHeldMap(map, (get, root) => proveEntry(get, root, key)).proof
const totalOf = (map: HeldMap): bigint => readHeldMap(map, readTotal).total
const rich = beginLedger(accounts.map((account) => ({ account, amount: 10_000n })))

test('after every operation the edits make the map that the entries make, and its sum is what was minted and not burned', () => {
  fc.assert(
    fc.property(fc.array(anyOperation, { maxLength: 40 }), (operations) => {
      let [ledger, map] = [rich, mapOf(rich)]
      for (const operation of operations) {
        const next = after(ledger, operation)
        ;[map, ledger] = [editHeldMap(map, ledgerEdits(ledger, next)), next]
        expect(map).toEqual(mapOf(ledger))
        const { minted, burned, inAccounts, inEscrow } = supplyOf(ledger)
        expect(totalOf(map)).toBe(inAccounts + inEscrow)
        assertTotal(ledger, totalOf(map))
        expect(checkSupply(map.root.hash, proofIn(map, SUPPLY_KEY))).toEqual({ minted, burned, total: minted - burned })
        for (const account of accounts) {
          const shown = checkAccount(map.root.hash, account, proofIn(map, bytesOfAccount(account)))
          expect(shown).toEqual({ ...accountOf(ledger, account), escrow: escrowOf(ledger, account), total: minted - burned })
        }
      }
    }),
  )
})

test('two ledgers made of one have maps of their own', () => {
  fc.assert(
    fc.property(fc.array(anyOperation, { maxLength: 10 }), anyOperation, anyOperation, (operations, one, other) => {
      const ledger = operations.reduce(after, rich)
      const map = mapOf(ledger)
      const [a, b] = [after(ledger, one), after(ledger, other)]
      const [mapA, mapB] = [editHeldMap(map, ledgerEdits(ledger, a)), editHeldMap(map, ledgerEdits(ledger, b))]
      expect([map, mapA, mapB]).toEqual([mapOf(ledger), mapOf(a), mapOf(b)])
    }),
  )
})

test('only what changed is edited: a transfer to a new account concerns three, an order to oneself that costs nothing one', () => {
  const taxed = transfer(rich, { from: alice, to: bob, amount: 100n, tax: 1n, nonce: 0, newAccountMin: 0n })
  expect(ledgerEdits(rich, taxed)).toHaveLength(3)
  expect(ledgerEdits(taxed, taxed)).toEqual([])
  expect(ledgerEdits(rich, transfer(rich, { from: alice, to: alice, amount: 1n, tax: 0n, nonce: 0, newAccountMin: 0n }))).toHaveLength(1)
  expect(ledgerEdits(rich, mint(rich, alice, 1n))).toHaveLength(2)
})

test('the root depends on what is held, not on how it came to be; what was minted and burned is in it', () => {
  const holdings = [
    { account: alice, amount: 1n },
    { account: bob, amount: 2n },
  ]
  const [one, other] = [beginLedger(holdings), beginLedger(holdings.toReversed())]
  expect(mapOf(one)).toEqual(mapOf(other))
  expect(mapOf({ ...one, minted: 4n, burned: 1n }).root.hash).not.toEqual(mapOf(one).root.hash)
})

test('a balance is proven against its own root only, an empty account and an escrow too', () => {
  const given = transfer(beginLedger([{ account: alice, amount: 1_000n }]), {
    from: alice,
    to: bob,
    amount: 250n,
    tax: 0n,
    nonce: 0,
    newAccountMin: 0n,
  })
  const ledger = openEscrow(given, { from: alice, job, amount: 300n, fee: 10n })
  const [before, map] = [mapOf(given), mapOf(ledger)]
  const proof = proofIn(map, bytesOfAccount(alice))
  expect(checkAccount(map.root.hash, alice, proof)).toEqual({ balance: 440n, nonce: 1, escrow: undefined, total: 990n })
  expect(checkAccount(map.root.hash, job, proofIn(map, bytesOfAccount(job)))).toMatchObject({ balance: 0n, escrow: 300n })
  const nobody = accounts[5] as AccountId
  expect(checkAccount(map.root.hash, nobody, proofIn(map, bytesOfAccount(nobody)))).toMatchObject({ balance: 0n, nonce: 0 })
  for (const [root, account] of [
    [before.root.hash, alice],
    [map.root.hash, bob],
    [map.root.hash, nobody],
  ] as const) {
    expect(() => checkAccount(root, account, proof)).toThrow(expect.objectContaining({ code: 'MAP_PROOF_WRONG' }))
  }
})

test('a map whose sum is not what was minted and not burned is refused', () => {
  const short = { ...rich, minted: rich.minted + 1n }
  const map = mapOf(short)
  expect(() => assertConserved(short)).toThrow(expect.objectContaining({ code: 'LEDGER_NOT_CONSERVED' }))
  expect(() => assertTotal(short, totalOf(map))).toThrow(expect.objectContaining({ code: 'LEDGER_NOT_CONSERVED' }))
  expect(() => checkSupply(map.root.hash, proofIn(map, SUPPLY_KEY))).toThrow(expect.objectContaining({ code: 'LEDGER_NOT_CONSERVED' }))
  const none = mapOf(EMPTY_LEDGER)
  expect(checkSupply(none.root.hash, proofIn(none, SUPPLY_KEY))).toEqual({ minted: 0n, burned: 0n, total: 0n })
})
