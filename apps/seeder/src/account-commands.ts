import { type AccountId, accountOfJob, accountOfPeer, type JobId, parseAccountId, parseJobId, parsePeerId } from '@interpeer/crypto-ids'
import { accountOf, escrowOf, isNewAccount, signTransfer, taxOf } from '@interpeer/intercoin-ledger'
import { jobNamed } from '@interpeer/job-scheduler'
import type { NetworkState } from '@interpeer/peer'
import type { Peer } from '@interpeer/peer/node'
import { InvalidArgumentError } from 'commander'
import { handIn, type SignerOptions, signerOf, withChain } from './chain-peer.js'
import { coinsText, unitsOf } from './coins.js'
import { print } from './print.js'

/** Prints what an account holds: this folder's own, or that of a peer, a site or an account id. */
export async function showAccount(whose: string | undefined, options: SignerOptions): Promise<void> {
  await withChain(options, async (peer, own) => {
    const { state, height } = upToDate(peer)
    const account = whose === undefined ? accountOfPeer((await signerOf(options, own)).peerId) : namedAccount(state, whose)
    const { balance } = accountOf(state.ledger, account)
    const escrow = escrowOf(state.ledger, account)
    const facts = { account, height, balance: String(balance), escrow: escrow === undefined ? null : String(escrow) }
    const held = escrow === undefined ? `${coinsText(balance)} coins` : `${coinsText(escrow)} coins in escrow, to pay who runs it`
    print(facts, `${account}: ${held}, at height ${height}`, options)
  })
}

/**
 * Pays coins from this peer's account, and the tax on top, and waits until a block has the order. To a site they go into its escrow: a donation (§3). What could not be
 * carried out, or would be nobody's any more, is not signed.
 */
export async function payCoins(to: string, coins: string, options: SignerOptions): Promise<void> {
  const amount = unitsOf(coins)
  await withChain(options, async (peer, own) => {
    const signer = await signerOf(options, own)
    const { state, height } = upToDate(peer)
    const [from, payee] = [accountOfPeer(signer.peerId), payeeNamed(state, to)]
    if (payee === from) throw new Error('that is the account that would pay')
    assertBegins(state, payee, amount)
    const tax = taxOf(amount, state.settings.transferTaxPerMille)
    const { balance, nonce } = accountOf(state.ledger, from)
    if (balance < amount + tax) {
      const needed = `${coinsText(amount)} coins and a tax of ${coinsText(tax)}`
      throw new Error(`too little: ${signer.peerId} has ${coinsText(balance)} coins, and ${needed} are ${coinsText(amount + tax)}`)
    }
    const order = signTransfer({ to: payee, amount, nonce }, signer, peer.network)
    await handIn(peer, order, ({ ledger }) => accountOf(ledger, from).nonce > nonce, MAY_STILL_BE_PAID)
    const { height: paidHeight, whole } = await peer.findTransaction(order, height + 1)
    if (paidHeight === undefined)
      throw new Error(whole ? 'another order of this account came first, so this one was not carried out' : MAY_STILL_BE_PAID)
    const left = accountOf(peer.chain().state.ledger, from).balance
    const facts = { from, to: payee, amount: String(amount), tax: String(tax), height: paidHeight, balance: String(left) }
    const said = `${coinsText(amount)} coins paid to ${payee}, and ${coinsText(tax)} of tax, in block ${paidHeight}; ${coinsText(left)} are left`
    print(facts, said, options)
  })
}
/** An account that nobody has paid yet begins with no less than the network says: it is kept for ever. */
function assertBegins({ ledger, settings }: Pick<NetworkState, 'ledger' | 'settings'>, payee: AccountId, amount: bigint): void {
  if (!isNewAccount(ledger, payee) || amount >= settings.newAccountMin) return
  throw new Error(
    `too little: that account has nothing yet, and the first payment to it is ${coinsText(settings.newAccountMin)} coins at least`,
  )
}
const MAY_STILL_BE_PAID = 'It may be carried out all the same: look at "interpeer account show" before you pay again.'

function upToDate(peer: Peer): ReturnType<Peer['chain']> {
  const chain = peer.chain()
  if (chain.height === 0) throw new Error('no block came: are the peers of --bootstrap running?')
  return chain
}

/** The account that a person means: a PeerId, a job's id, a site's name, or 64 hexadecimal digits. @throws {InvalidArgumentError} */
export function namedAccount({ jobs }: Pick<NetworkState, 'jobs'>, text: string): AccountId {
  const account =
    tried(() => parseAccountId(text)) ?? tried(() => accountOfPeer(parsePeerId(text))) ?? tried(() => accountOfJob(parseJobId(text)))
  if (account !== undefined) return account // first, since a site may bear another one's JobId as its name
  const site = jobNamed(jobs, text)
  if (site === undefined) throw new InvalidArgumentError(`no site of the name "${text}" runs, and it is no PeerId, JobId or account`)
  return accountOfJob(site.job)
}

/** The same, where coins are to go: whoever has the account must be able to spend them. */
export function payeeNamed(state: Pick<NetworkState, 'jobs' | 'registry' | 'ledger'>, text: string): AccountId {
  const account = namedAccount(state, text)
  const job = tried(() => parseJobId(text))
  if (job !== undefined && !runs(state, job)) throw new InvalidArgumentError(`no such job runs: coins of its account would be nobody's`)
  const ended = [...state.registry.values()].find(({ peer, standing }) => standing === 'terminated' && accountOfPeer(peer) === account)
  if (ended !== undefined) throw new InvalidArgumentError(`the account of ${ended.peer} has ended: nobody could spend coins there`)
  return account
}
const runs = ({ jobs }: Pick<NetworkState, 'jobs'>, job: JobId): boolean => {
  const state = jobs.get(job)?.state
  return state === 'running' || state === 'waiting'
}

function tried<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
