import { readFileSync } from 'node:fs'
import { editHeldMap, emptyHeldMap } from '@interpeer/content-store'
import * as cryptoIds from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import * as chain from '../src/index.js'
import * as light from '../src/light/index.js'
import { genesisJson, signers } from './chains.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const modules = { '@interpeer/crypto-ids': cryptoIds, '@interpeer/vote-chain': chain, '@interpeer/vote-chain/light': light }
const bodyOf = (fence: RegExp) =>
  (fence.exec(readme)?.[1] ?? '')
    .replace(/^import (\{[^}]*\}) from ('.*')$/gm, 'const $1 = modules[$2]')
    .replace('export async', 'return async')

test('the example of the README runs', () => {
  const printed: unknown[][] = []
  new Function('modules', 'console', bodyOf(/```ts\n([\s\S]*?)```/))(modules, { log: (...words: unknown[]) => printed.push(words) })
  expect(printed).toEqual([[1, 1]])
})

test('the light client of the README follows a chain, and reads a setting', async () => {
  const all = signers(1)
  const json = genesisJson(all, { cycleMs: 1_234 })
  const genesis = chain.parseGenesis(json)
  const settings = editHeldMap(emptyHeldMap(), chain.settingsEntries(genesis.settings))
  const hash = new Uint8Array(32)
  const application: chain.Application<number> = {
    begin: () => 0,
    apply: (state) => ({ state: state + 1, refused: [] }),
    dataSets: () => ({ ledger: hash, settings: settings.root.hash, names: hash, peers: hash, jobs: hash }),
    electorate: () => genesis.peers,
    check: () => undefined,
  }
  const blocks: chain.Block[] = []
  let { state } = chain.openChain({ genesis, application, signer: all[0] as never, blocks: [], record: undefined, nowMs: 0 })
  for (let nowMs = genesis.startMs; blocks.length < 5; nowMs += 100) {
    const step = chain.stepChain(state, { type: 'time', nowMs })
    state = step.state
    for (const effect of step.effects) if (effect.type === 'block') blocks.push(effect.block)
  }
  const source: chain.SyncSource<number> = {
    ...{ tip: state.tip, recent: [], checkpoints: [], checkpoint: () => undefined },
    block: (height) => blocks[height - 1],
    mapOf: (_, set) => (set === 'settings' ? settings : undefined),
  }
  const ask = async (request: Uint8Array) => chain.answerSync(source, request[2] as number, request)
  const cycleOfChain = new Function('modules', bodyOf(/```ts light\n([\s\S]*?)```/))(modules)
  expect(await cycleOfChain(json, ask, () => 0)).toEqual({ height: 5, cycleMs: 1_234n })
})
