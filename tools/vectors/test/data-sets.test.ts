import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type EntryVector,
  entriesOfJobs,
  entriesOfLedger,
  entriesOfPeers,
  entriesOfSettings,
  type JobFields,
  keyOfUnit,
  type LedgerFields,
  proofOf,
  rootOf,
  totalOf,
} from '../src/data-sets.js'
import { vectorsPath } from '../src/files.js'
import { hexOfWords } from '../src/maker.js'

// These three files were made once, by a script that is not here. So what they state is made again, and held to them.

interface Listed {
  readonly name: string
  readonly entries: readonly EntryVector[]
  readonly root: string
  readonly total: string
}
interface Proven {
  readonly name: string
  readonly expect: string
  readonly root: string
  readonly proof: string
}
const read = <T>(folder: string, name: string): T => JSON.parse(readFileSync(vectorsPath(folder, name), 'utf8')) as T
const ledgers = read<{
  ledgers: (Listed & { ledger: LedgerFields })[]
  accounts: (Proven & { account: string })[]
  supplies: Proven[]
}>('intercoin-ledger', 'ledger-map')
const jobs = read<{ lists: (Listed & { jobs: JobFields[] })[]; jobs: (Proven & { job: string })[] }>('job-scheduler', 'jobs-map')
const chain = read<{
  registries: (Listed & { peers: { peer: string; tickets: number }[] })[]
  peers: (Proven & { ask: { peer?: string; ticket?: string } })[]
  settings: (Listed & { settings: Record<string, string> })[]
  settingProofs: (Proven & { setting: string })[]
}>('vote-chain', 'data-sets')

const lists: [Listed, readonly EntryVector[]][] = [
  ...ledgers.ledgers.map((one): [Listed, readonly EntryVector[]] => [one, entriesOfLedger(one.ledger)]),
  ...jobs.lists.map((one): [Listed, readonly EntryVector[]] => [one, entriesOfJobs(one.jobs)]),
  ...chain.registries.map((one): [Listed, readonly EntryVector[]] => [one, entriesOfPeers(one.peers)]),
  ...chain.settings.map((one): [Listed, readonly EntryVector[]] => [one, entriesOfSettings(one.settings)]),
]
test.each(lists)('$0.name: the CDDL gives these entries, and the rule of maps this root', ({ entries, root, total }, made) => {
  expect(made).toEqual(entries)
  expect([rootOf(made), totalOf(made)]).toEqual([root, total])
})

const proofs: [Proven, (entries: readonly EntryVector[]) => string][] = [
  ...ledgers.accounts.map((one): [Proven, () => string] => [one, () => one.account]),
  ...ledgers.supplies.map((one): [Proven, () => string] => [one, () => hexOfWords('supply')]),
  ...jobs.jobs.map((one): [Proven, () => string] => [one, () => one.job]),
  ...chain.peers.map((one): [Proven, (entries: readonly EntryVector[]) => string] => [
    one,
    (entries) => one.ask.peer ?? keyOfUnit(entries, BigInt(one.ask.ticket ?? '')),
  ]),
  ...chain.settingProofs.map((one): [Proven, () => string] => [one, () => hexOfWords(one.setting)]),
]
const listOf = ({ root }: Proven) => lists.find(([one]) => one.root === root)?.[0].entries
const good = proofs.filter(([one]) => one.expect === 'ok' && listOf(one) !== undefined)
test.each(good)('$0.name: the rule of maps gives this proof', (one, keyIn) => {
  const entries = listOf(one) ?? []
  expect(proofOf(entries, keyIn(entries))).toBe(one.proof)
})
test('all good proofs but one are of maps that are listed', () => {
  expect(proofs.filter((one) => one[0].expect === 'ok' && !good.includes(one)).map(([{ name }]) => name)).toEqual(['none of that name'])
})
