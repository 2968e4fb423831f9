import { type AccountId, accountOfBytes, contentIdOfBytes, type NetworkId } from '@interpeer/crypto-ids'
import { accountOf, assertConserved, balanceOf, type Ledger, LedgerError, openTransfer, taxOf } from '@interpeer/intercoin-ledger'
import { closeMessage } from '@interpeer/job-scheduler'
import { batchMessage } from '@interpeer/peer-group'
import { kindOfTransaction } from '../src/network/transactions.js'

interface Rules {
  readonly network: NetworkId
  readonly taxPerMille: number
  readonly blockReward: bigint
}
/**
 * Accounts that nobody else pays but by transfers and by what sites pay, counted from the blocks alone, by other sums than the ledger's: each order of an account is carried out once and in turn, each
 * epoch of a site pays once, and after each block every peer holds them alike.
 */
export class Books {
  /** Transfers, payments of sites, and epochs of sites that are final. */
  transfers = 0
  payments = 0
  epochs = 0
  height = 0
  readonly #rules: Rules
  readonly #minted: bigint
  readonly #balances: Map<AccountId, bigint>
  readonly #nonces = new Map<AccountId, number>()
  readonly #closed = new Set<string>()
  /** What they held after each block. */
  readonly #after: ReadonlyMap<AccountId, bigint>[] = []

  constructor(held: ReadonlyMap<AccountId, bigint>, { minted }: Ledger, rules: Rules) {
    this.#balances = new Map(held)
    this.#minted = minted
    this.#rules = rules
  }
  nonceOf(account: AccountId): number {
    return this.#nonces.get(account) ?? 0
  }
  balanceOf(account: AccountId): bigint {
    return this.#balances.get(account) ?? 0n
  }

  /** Takes the next block's transactions. What is wrong with them; undefined: nothing. */
  add(transactions: readonly Uint8Array[]): string | undefined {
    const problems = transactions.map((transaction) => this.#take(transaction))
    this.#after.push(new Map(this.#balances))
    this.height++
    return problems.find((problem) => problem !== undefined)
  }
  #take(transaction: Uint8Array): string | undefined {
    const kind = kindOfTransaction(transaction)
    if (kind === 'transfer') return this.#transfer(transaction)
    if (kind !== 'close') return undefined
    const { job, batch } = closeMessage.decode(transaction)
    const { epoch, payments } = batchMessage.decode(batch)
    const name = `${contentIdOfBytes(job)} ${epoch}`
    if (this.#closed.has(name)) return 'an epoch of a site is paid for twice'
    this.#closed.add(name)
    this.epochs++
    for (const { account, amount } of payments) {
      this.payments++
      this.#give(accountOfBytes(account), amount - taxOf(amount, this.#rules.taxPerMille))
    }
    return undefined
  }
  #transfer(transaction: Uint8Array): string | undefined {
    const order = openTransfer(transaction, this.#rules.network)
    const [from, to] = [accountOfBytes(order.from), accountOfBytes(order.to)]
    if (order.nonce !== this.nonceOf(from)) return 'an order of one account is carried out twice, or not in its turn'
    this.#nonces.set(from, order.nonce + 1)
    this.transfers++
    this.#give(from, -order.amount - taxOf(order.amount, this.#rules.taxPerMille))
    this.#give(to, order.amount)
    return this.balanceOf(from) < 0n ? 'somebody spent more than it held' : undefined
  }
  #give(account: AccountId, amount: bigint): void {
    const held = this.#balances.get(account)
    if (held !== undefined) this.#balances.set(account, held + amount)
  }

  /** Compares what a peer holds to be true after a block. */
  compare(ledger: Ledger, height: number): string | undefined {
    try {
      assertConserved(ledger)
    } catch (error) {
      if (error instanceof LedgerError) return 'coins came from nowhere, or went there'
      throw error
    }
    if (ledger.minted - this.#minted > this.#rules.blockReward * BigInt(height)) return 'more coins were minted than blocks pay'
    const after = this.#after[height - 1] ?? new Map<AccountId, bigint>()
    for (const [account, held] of after)
      if (balanceOf(ledger, account) !== held) return 'an account holds something else than its orders come to'
    if (height < this.height) return undefined
    for (const account of this.#balances.keys())
      if (accountOf(ledger, account).nonce !== this.nonceOf(account)) return 'an account counts other orders than are final'
    return undefined
  }
}
