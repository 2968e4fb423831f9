import { Random } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { answerSync, proofOfElector } from '../src/answer-sync.js'
import type { CertifiedBlock } from '../src/block.js'
import { type Certificate, type ChainState, decodeBlock, type Electorate, electorateOf, headerMessage } from '../src/index.js'
import {
  followLightly,
  type LightChain,
  lightFromGenesis,
  lightFromHeader,
  pickVotes,
  stepOfHeaders,
  votersAt,
} from '../src/light/index.js'
import { headersReply, wantHeaders } from '../src/sync-messages.js'
import { Chains, type Toy } from './chains.js'

const dice = new Random(5)
function grown() {
  const chains = new Chains({ seed: 8, electors: 7, settings: { lookBack: 2 } })
  const runTo = (height: number) => {
    chains.world.run({ done: () => chains.heights().every((reached) => reached >= height) })
  }
  runTo(4)
  chains.submit(0, Uint8Array.of(9, 2))
  runTo(10)
  const blocks = (chains.nodes[0] as (typeof chains.nodes)[number]).blocks.map((block) => decodeBlock(block) as CertifiedBlock)
  const electorates = new Map<string, Electorate>()
  const { peers, settings } = chains.genesis
  for (const left of [undefined, 2]) {
    const electorate = electorateOf(
      peers.filter((_, i) => i !== left),
      settings.rootGroupSize,
    )
    electorates.set(electorate.map.root.hash.toString(), electorate)
  }
  return { chains, blocks, electorates, headers: blocks.map(({ header }) => headerMessage.encode(header)) }
}
type Grown = ReturnType<typeof grown>
/** What a peer would prove of the votes picked, in the electorate that the client knows. */
const pickedOf = ({ electorates }: Grown, light: LightChain, certificate: Certificate) => {
  const places = pickVotes(certificate, (count) => dice.below(count))
  const electorate = electorates.get(light.electorate.toString()) as Electorate
  const proofs = votersAt(certificate, places).map((key) => proofOfElector(electorate, key))
  return { places, proofs: new Map(places.map((place, i) => [place, proofs[i] as Uint8Array])) }
}
function follow(world: Grown, light: LightChain, until: number): LightChain {
  const { certificate } = world.blocks[until - 1] as (typeof world.blocks)[number]
  const headers = world.headers.slice(light.height, until)
  return followLightly(light, { headers, certificate, picked: pickedOf(world, light, certificate) }, world.chains.verification)
}
const outcome = (run: () => unknown): string => {
  try {
    run()
    return 'ok'
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

test('from the genesis, header by header', () => {
  const world = grown()
  let light = lightFromGenesis(world.chains.genesis)
  for (let height = 1; height <= 10; height++) light = follow(world, light, height)
  expect(light.hash).toEqual(world.blocks[10]?.header.previous ?? light.hash)
  expect(light.height).toBe(10)
})

test('in steps as long as the electorate stays, with one certificate each', () => {
  const world = grown()
  let light = lightFromGenesis(world.chains.genesis)
  let certificates = 0
  while (light.height < 10) {
    const rest = world.blocks.slice(light.height, 10).map(({ header }) => header)
    light = follow(world, light, light.height + stepOfHeaders(light, rest))
    certificates++
  }
  expect(certificates).toBe(2)
  expect(light.header).toEqual(world.blocks[9]?.header)
  // and not beyond: who voted after the change is not who the client knows
  expect(outcome(() => follow(world, lightFromGenesis(world.chains.genesis), 10))).toBe('LIGHT_STEP_LONG')
})

test('headers that do not follow, certificates of others and too few votes are refused', () => {
  const world = grown()
  const { headers, blocks, chains } = world
  const light = lightFromGenesis(chains.genesis)
  const { certificate } = blocks[2] as (typeof blocks)[number]
  const picked = pickedOf(world, light, certificate)
  const given = (changed: Partial<Parameters<typeof followLightly>[1]>) =>
    outcome(() => followLightly(light, { headers: headers.slice(0, 3), certificate, picked, ...changed }, chains.verification))
  expect(given({})).toBe('ok')
  expect(given({ headers: headers.slice(1, 3) })).toBe('HEADER_WRONG')
  expect(given({ headers: [headers[0], headers[2]] as Uint8Array[] })).toBe('HEADER_WRONG')
  expect(given({ headers: headers.slice(0, 2) })).toBe('CERTIFICATE_WRONG')
  expect(given({ certificate: { ...certificate, votes: certificate.votes.slice(0, 3) } })).toBe('CERTIFICATE_WRONG')
  expect(given({ picked: { places: [], proofs: new Map() } })).toBe('CERTIFICATE_WRONG')
  expect(given({ headers: [] })).toBe('ok') // nothing new, and nothing changed
  const forged = headerMessage.encode({ ...(blocks[2] as (typeof blocks)[number]).header, ledger: new Uint8Array(32) })
  expect(given({ headers: [...headers.slice(0, 2), forged] })).toBe('CERTIFICATE_WRONG')
  const start = lightFromHeader((blocks[1] as (typeof blocks)[number]).header, light.sizeMax)
  expect(outcome(() => follow(world, start, 3))).toBe('ok')
})

test('of large blocks few are read for one answer, and the certificate is that of the last', () => {
  const { blocks, chains, headers } = grown()
  const { tip } = (chains.nodes[0] as { readonly state: ChainState<Toy> }).state
  let read = 0
  const block = (height: number) => {
    read++
    const { header, body, certificate } = blocks[height - 1] as (typeof blocks)[number]
    return { header, certificate, body: { ...body, transactions: [new Uint8Array(3 * 1024 * 1024)] } }
  }
  const source = { tip, recent: [], checkpoints: [], checkpoint: () => undefined, block, mapOf: () => undefined }
  const answer = headersReply.decode(answerSync(source, wantHeaders.number, wantHeaders.encode({ fromHeight: 2, count: 1_024 })))
  expect(read).toBe(6)
  expect(answer.headers).toEqual(headers.slice(1, 7))
  expect(answer.certificate).toEqual(blocks[6]?.certificate)
})
