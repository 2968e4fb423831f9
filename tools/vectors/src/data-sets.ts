import {
  bytesOfHexes,
  type Entry,
  uint as fixed,
  sha256 as hashOf,
  naiveNode,
  naiveRoot,
  ruleBit,
  ruleBits,
} from '../../../packages/content-store/test/map-rule.js'
import { sha256 } from './cose.js'
import { type Fields, hexOfWords, makerOf, uint } from './maker.js'
import type { Value } from './value.js'
import { head } from './write.js'

/*
 * What data sets of the chain have in their maps, from what the vectors say is in them, by the CDDL; and roots and proofs of such maps, by the rule
 * that content-store's own vectors are made with.
 */
export interface EntryVector {
  readonly key: string
  readonly value: string
  readonly sum: string
}
const ledger = makerOf('intercoin-ledger', '')
const jobs = makerOf('job-scheduler', '')
const chain = makerOf('vote-chain', '')
const inOrder = (entries: readonly EntryVector[]): readonly EntryVector[] => entries.toSorted((a, b) => (a.key < b.key ? -1 : 1))

export interface LedgerFields {
  readonly accounts: readonly { readonly account: string; readonly balance: string; readonly nonce: number }[]
  readonly escrows: readonly { readonly account: string; readonly amount: string }[]
  readonly minted: string
  readonly burned: string
}
export function entriesOfLedger({ accounts, escrows, minted, burned }: LedgerFields): readonly EntryVector[] {
  const keys = new Set([...accounts, ...escrows].map(({ account }) => account))
  const held = [...keys].map((key) => {
    const { balance, nonce } = accounts.find(({ account }) => account === key) ?? { balance: '0', nonce: 0 }
    const escrow = escrows.find(({ account }) => account === key)?.amount ?? null
    const sum = `${BigInt(balance) + BigInt(escrow ?? 0)}`
    return { key, value: ledger.encode('account-record', { balance, nonce, escrow }), sum }
  })
  const units = (amount: string): Fields => ({ high: `${BigInt(amount) >> 64n}`, low: `${BigInt.asUintN(64, BigInt(amount))}` })
  const supply = ledger.encode('supply-record', { minted: units(minted), burned: units(burned) })
  return inOrder([...held, { key: hexOfWords('supply'), value: supply, sum: '0' }])
}

export interface JobFields {
  readonly job: string
  readonly state: string
  readonly epoch: { readonly rerun: readonly string[]; readonly members: readonly string[] } & object
  readonly recovering:
    | ({
        readonly shows: readonly { readonly member: string; readonly show: string }[]
        readonly parts: readonly { readonly member: string; readonly show: string; readonly bytes: string }[]
      } & object)
    | null
  readonly closing: ({ readonly certificate: string; readonly batch: string } & object) | null
}
export function entriesOfJobs(all: readonly JobFields[]): readonly EntryVector[] {
  return inOrder(
    all.map(({ job, epoch, recovering, closing, ...rest }) => {
      const shows = recovering?.shows.map(({ member, show }) => ({ member, show: sha256(show) }))
      const parts = recovering?.parts.map((part) => ({ ...part, bytes: sha256(part.bytes) }))
      const record = {
        ...rest,
        epoch: { ...epoch, rerun: epoch.rerun.map(sha256) },
        recovering: recovering && { ...recovering, shows, parts },
        closing: closing && { ...closing, certificate: sha256(closing.certificate), batch: sha256(closing.batch) },
      } as unknown as Fields
      const seats = rest.state === 'ended' ? 0 : epoch.members.length
      return { key: job, value: jobs.encode('job-record', record), sum: `${seats}` }
    }),
  )
}

export const entriesOfPeers = (peers: readonly ({ readonly peer: string; readonly tickets: number } & object)[]): readonly EntryVector[] =>
  inOrder(
    peers.map(({ peer, ...record }) => ({
      key: peer,
      value: chain.encode('peer-record', record as Record<string, Value>),
      sum: `${record.tickets}`,
    })),
  )
export const entriesOfSettings = (settings: Readonly<Record<string, string>>): readonly EntryVector[] =>
  inOrder(Object.entries(settings).map(([name, number]) => ({ key: hexOfWords(name), value: uint(BigInt(number)), sum: '0' })))

const ruleEntry = ({ key, value, sum }: EntryVector): Entry => ({ key: bytesOfHexes(key), value: bytesOfHexes(value), sum: BigInt(sum) })
export const rootOf = (entries: readonly EntryVector[]): string => naiveRoot(entries.map(ruleEntry)).toString('hex')
export const totalOf = (entries: readonly EntryVector[]): string => `${entries.reduce((sum, entry) => sum + BigInt(entry.sum), 0n)}`
export function keyOfUnit(entries: readonly EntryVector[], unit: bigint): string {
  let before = 0n
  for (const { key, sum } of entries) {
    before += BigInt(sum)
    if (unit < before) return key
  }
  throw new Error('past the last')
}

/** The proof of what stands under a key, or that nothing does: the leaf that the key's bits lead to, and what else there is on the way. */
export function proofOf(entries: readonly EntryVector[], key: string): string {
  if (entries.length === 0) return '8100'
  const name = bytesOfHexes(key)
  let [left, path] = [entries.map(ruleEntry), '']
  while (left.length > 1) {
    const bit = ruleBit(left.map((one) => one.key))
    const isHere = (one: Entry) => ruleBits(one.key)[bit] === ruleBits(name)[bit]
    const other = naiveNode(left.filter((one) => !isHere(one)))
    path += fixed(bit, 2) + other.hash.toString('hex') + fixed(other.sum, 16)
    left = left.filter(isHere)
  }
  const leaf = left[0] as Entry
  const bytes = (hex: string) => head(2, hex.length / 2) + hex
  const [found, value] = ruleBits(leaf.key) === ruleBits(name) ? ['01', leaf.value] : ['02', hashOf(leaf.value)]
  return `85${found}${[bytesOfHexes(leaf.key).toString('hex'), fixed(leaf.sum, 16), bytesOfHexes(value).toString('hex'), path].map(bytes).join('')}`
}

/** A map as the vectors list it. */
export const mapOf = (entries: readonly EntryVector[]) => ({ entries, root: rootOf(entries), total: totalOf(entries) })
/** What is proven of a map: its root, and the proof of a key. */
export const provenIn = (entries: readonly EntryVector[], key: string) => ({ root: rootOf(entries), proof: proofOf(entries, key) })
/** The same map with other bytes under a key: what only who has the rule's root wrong could certify. */
export const withValue = (entries: readonly EntryVector[], key: string, change: (value: string) => string): readonly EntryVector[] =>
  entries.map((entry) => (entry.key === key ? { ...entry, value: change(entry.value) } : entry))
/** Somebody else's record of that key: `from` in place of `to`, which must be there once. */
export function replaced(value: string, from: string, to: string): string {
  if (value.split(from).length !== 2) throw new Error(`not once in the record: ${from}`)
  return value.replace(from, to)
}
