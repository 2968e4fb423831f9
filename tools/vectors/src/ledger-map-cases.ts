import { type EntryVector, entriesOfLedger, type LedgerFields, mapOf, provenIn, replaced, withValue } from './data-sets.js'
import { hexOfWords, named, uint } from './maker.js'

const SUPPLY = hexOfWords('supply')
const U64 = 2n ** 64n - 1n
const account = (n: number): string => named(`account ${n}`)
const holds = (n: number, balance: bigint | number, nonce = 0) => ({ account: account(n), balance: `${balance}`, nonce })
const aside = (n: number, amount: bigint | number) => ({ account: account(n), amount: `${amount}` })
/** As much was minted as there is, and as was burned. */
function ledgerOf(accounts: LedgerFields['accounts'], escrows: LedgerFields['escrows'] = [], burned = 0n): LedgerFields {
  const held = [...accounts.map(({ balance }) => balance), ...escrows.map(({ amount }) => amount)]
  return { accounts, escrows, minted: `${held.reduce((sum, one) => sum + BigInt(one), burned)}`, burned: `${burned}` }
}
const forty = Array.from({ length: 40 }, (_, i) => holds(i + 1, 1_000_003 * (i + 1), i % 3))

const LEDGERS: Readonly<Record<string, LedgerFields>> = {
  'nothing was ever minted': ledgerOf([]),
  'one account': ledgerOf([holds(1, 5)]),
  'an account that made orders and has nothing left': ledgerOf([holds(1, 0, 7), holds(2, 1_000_000_000)]),
  'an escrow, and one that is empty': ledgerOf([holds(1, 23, 1)], [aside(3, 24), aside(4, 0)], 100n),
  'an account that also has an escrow: one entry': ledgerOf([holds(1, 255, Number.MAX_SAFE_INTEGER)], [aside(1, 256)]),
  'sums past 64 bits': ledgerOf([holds(9, U64), holds(1, U64), holds(2, U64)], [aside(7, U64)], U64),
  'forty accounts': ledgerOf(forty),
}

/** The ledger's map, and proofs of it, by the CDDL and the rule of maps. */
export function ledgerMapVectors() {
  const maps = new Map(Object.entries(LEDGERS).map(([name, ledger]) => [name, entriesOfLedger(ledger)]))
  const map = (name: string): readonly EntryVector[] => maps.get(name) ?? []
  const [many, few, large] = [map('forty accounts'), map('an escrow, and one that is empty'), map('sums past 64 bits')]
  const holder = account(7)
  const shown = (entries: readonly EntryVector[], balance: string, nonce: number, escrow: string | null) => ({
    shows: { balance, nonce, escrow, total: mapOf(entries).total },
  })
  const { balance, nonce } = holds(7, 1_000_003 * 7, 6 % 3)
  const ofAccount = (name: string, expect: string, entries: readonly EntryVector[], key: string, more = {}) => ({
    name,
    expect,
    account: key,
    ...provenIn(entries, key),
    ...more,
  })
  const spoiled = (from: string, to: string): readonly EntryVector[] => withValue(many, holder, (value) => replaced(value, from, to))
  const ofSupply = (name: string, expect: string, entries: readonly EntryVector[], more = {}) => ({
    name,
    expect,
    ...provenIn(entries, SUPPLY),
    ...more,
  })
  const supplied = (entries: readonly EntryVector[], { minted, burned }: LedgerFields) => ({
    shows: { minted, burned, total: mapOf(entries).total },
  })
  const nothing = { shows: { minted: '0', burned: '0', total: '0' } }
  return {
    ledgers: Object.entries(LEDGERS).map(([name, ledger]) => ({ name, ledger, ...mapOf(map(name)) })),
    accounts: [
      ofAccount('an account', 'ok', many, holder, shown(many, balance, nonce, null)),
      ofAccount('an escrow', 'ok', few, account(3), shown(few, '0', 0, '24')),
      ofAccount('an empty escrow', 'ok', few, account(4), shown(few, '0', 0, '0')),
      ofAccount('no such account: it holds nothing', 'ok', many, account(41), shown(many, '0', 0, null)),
      ofAccount('no account at all', 'ok', [], account(1), shown([], '0', 0, null)),
      { ...ofAccount('another ledger’s root', 'MAP_PROOF_WRONG', many, holder), root: mapOf(few).root },
      { ...ofAccount('another account’s proof', 'MAP_PROOF_WRONG', many, holder), proof: provenIn(many, account(8)).proof },
      {
        ...ofAccount('that an account is not there, by another that is not on its way', 'MAP_PROOF_WRONG', many, holder),
        proof: provenIn(many, account(41)).proof,
      },
      { ...ofAccount('no proof', 'MAP_PROOF_MALFORMED', many, holder), proof: '80' },
      ofAccount(
        'a record without escrow',
        'WIRE_SHAPE',
        withValue(many, holder, (value) => `82${value.slice(2, -2)}`),
        holder,
      ),
      ofAccount(
        'a balance in too many bytes',
        'WIRE_NOT_CANONICAL',
        spoiled(`83${uint(BigInt(balance))}`, `831b${BigInt(balance).toString(16).padStart(16, '0')}`),
        holder,
      ),
      ofAccount('a nonce past 2^53 - 1', 'WIRE_SHAPE', spoiled(`${uint(nonce)}f6`, `${uint(2n ** 53n)}f6`), holder),
    ],
    supplies: [
      ofSupply('a supply', 'ok', few, supplied(few, LEDGERS['an escrow, and one that is empty'] as LedgerFields)),
      ofSupply('a supply past 64 bits', 'ok', large, supplied(large, LEDGERS['sums past 64 bits'] as LedgerFields)),
      ofSupply('the empty map: nothing was minted', 'ok', [], nothing),
      { ...ofSupply('another ledger’s root', 'MAP_PROOF_WRONG', few), root: mapOf(many).root },
      ofSupply(
        'a coin from nowhere',
        'LEDGER_NOT_CONSERVED',
        withValue(few, SUPPLY, (value) => replaced(value, uint(147), uint(146))),
      ),
    ],
  }
}
