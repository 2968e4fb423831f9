import { accountOfPeer, createSigner, networkIdOf, parseAccountId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import {
  AMOUNT_MAX,
  assertConserved,
  balanceOf,
  beginLedger,
  COMMONS,
  closeEscrow,
  escrowOf,
  mint,
  openEscrow,
  openTransfer,
  payFromEscrow,
  signTransfer,
  supplyOf,
  transfer,
} from '../src/index.js'

const [alice, bob, job] = ['a', 'b', 'c'].map((digit) => parseAccountId(digit.repeat(64))) as [never, never, never]
const begun = beginLedger([{ account: alice, amount: 1_000n }])

test('a transfer pays its tax into the commons account', () => {
  const ledger = transfer(begun, { from: alice, to: bob, amount: 100n, tax: 1n, nonce: 0, newAccountMin: 0n })
  expect([balanceOf(ledger, alice), balanceOf(ledger, bob), balanceOf(ledger, COMMONS)]).toEqual([899n, 100n, 1n])
  assertConserved(ledger)
})

test.each([
  ['the same order twice', 'LEDGER_NONCE', { from: alice, to: bob, amount: 1n, tax: 0n, nonce: 1, newAccountMin: 0n }],
  ['more than there is', 'LEDGER_FUNDS', { from: alice, to: bob, amount: 1_000n, tax: 1n, nonce: 0, newAccountMin: 0n }],
  ['a negative amount', 'LEDGER_AMOUNT', { from: alice, to: bob, amount: -1n, tax: 0n, nonce: 0, newAccountMin: 0n }],
  ['an amount past 64 bits', 'LEDGER_AMOUNT', { from: alice, to: bob, amount: AMOUNT_MAX, tax: 1n, nonce: 0, newAccountMin: 0n }],
])('%s: %s', (_, code, order) => {
  expect(() => transfer(begun, order)).toThrow(expect.objectContaining({ code }))
})

test('a transfer of nothing is refused, so nobody who has nothing leaves an entry', () => {
  for (const from of [alice, bob]) {
    const order = { from, to: job, amount: 0n, tax: 0n, nonce: 0, newAccountMin: 0n }
    expect(() => transfer(begun, order)).toThrow(expect.objectContaining({ code: 'LEDGER_AMOUNT' }))
  }
})

test('an account begins with no less than it must; who has one, and a job that runs, may be given less', () => {
  const order = { from: alice, to: bob, amount: 99n, tax: 1n, nonce: 0, newAccountMin: 100n }
  expect(() => transfer(begun, order)).toThrow(
    expect.objectContaining({ failure: { code: 'LEDGER_ACCOUNT_SMALL', account: bob, least: 100n, given: 99n } }),
  )
  const begunToo = transfer(begun, { ...order, amount: 100n })
  expect(balanceOf(transfer(begunToo, { ...order, amount: 1n, nonce: 1 }), bob)).toBe(101n)
  expect(balanceOf(transfer(begunToo, { ...order, to: alice, amount: 1n, nonce: 1 }), alice)).toBe(898n)
  const opened = openEscrow(begunToo, { from: alice, job, amount: 500n, fee: 10n })
  expect(escrowOf(transfer(opened, { ...order, to: job, amount: 1n, nonce: 1 }), job)).toBe(501n)
})

test('no balance passes 64 bits', () => {
  expect(() => mint(begun, alice, AMOUNT_MAX)).toThrow(expect.objectContaining({ code: 'LEDGER_OVERFLOW' }))
})

test('a job: escrow, fee, donation, pay, and what is left', () => {
  const given = transfer(begun, { from: alice, to: job, amount: 50n, tax: 0n, nonce: 0, newAccountMin: 0n })
  const opened = openEscrow(given, { from: alice, job, amount: 500n, fee: 10n })
  expect(escrowOf(opened, job)).toBe(550n)
  const donated = transfer(opened, { from: alice, to: job, amount: 40n, tax: 0n, nonce: 1, newAccountMin: 0n })
  expect(escrowOf(donated, job)).toBe(590n)
  const paid = payFromEscrow(donated, job, bob, 90n)
  expect(() => payFromEscrow(paid, job, bob, 501n)).toThrow(expect.objectContaining({ code: 'LEDGER_FUNDS' }))
  const closed = closeEscrow(paid, job, alice)
  expect(supplyOf(closed)).toEqual({ minted: 1_000n, burned: 10n, inAccounts: 990n, inEscrow: 0n })
  expect(balanceOf(closed, alice)).toBe(900n)
  expect(() => closeEscrow(closed, job, alice)).toThrow(expect.objectContaining({ code: 'LEDGER_ESCROW_UNKNOWN' }))
})

test('a coin that comes from nowhere stops the process', () => {
  expect(() => assertConserved({ ...begun, minted: 999n })).toThrow(expect.objectContaining({ code: 'LEDGER_NOT_CONSERVED' }))
})

test('an order counts only under the key of the account it takes from', () => {
  const [signer, network] = [createSigner(new Uint8Array(32).fill(1)), networkIdOf(new Uint8Array([1]))]
  const envelope = signTransfer({ to: bob, amount: 5n, nonce: 0 }, signer, network)
  expect(openTransfer(envelope, network)).toMatchObject({ amount: 5n, nonce: 0 })
  expect(() => openTransfer(envelope, networkIdOf(new Uint8Array([2])))).toThrow(expect.objectContaining({ code: 'SIGNATURE_WRONG' }))
  expect(accountOfPeer(signer.peerId)).toHaveLength(64)
})
