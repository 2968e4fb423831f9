import { proveEntry, readHeldMap } from '@interpeer/content-store'
import {
  contentIdOfBytes,
  createSigner,
  type PeerId,
  parseNetworkId,
  peekMessageNumber,
  peerIdOfKey,
  sealOf,
  signMessage,
} from '@interpeer/crypto-ids'
import { bytesOfHex, decodeWith, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { decodeBlock, encodeBody } from '../src/block.js'
import { checkBlock } from '../src/candidate.js'
import {
  type Application,
  type ChainEffect,
  certificateSchema,
  checkElector,
  createVerification,
  decodeGenesis,
  electorateOf,
  encodeGenesis,
  headerMessage,
  isDrawn,
  leaderLot,
  lotInput,
  openChain,
  parseGenesis,
  quorumOf,
  type Step,
  seedInput,
  seedOf,
  seedWithoutLeader,
  stepChain,
  verifyChainCertificate,
} from '../src/index.js'
import { blocksMessage } from '../src/messages.js'
import agreement from '../vectors/agreement.json' with { type: 'json' }
import blocks from '../vectors/blocks.json' with { type: 'json' }
import certificates from '../vectors/certificates.json' with { type: 'json' }
import draws from '../vectors/draws.json' with { type: 'json' }
import genesis from '../vectors/genesis.json' with { type: 'json' }

const peerOf = (key: string): PeerId => peerIdOfKey(bytesOfHex(key))

describe('genesis.json', () => {
  const idOf = (hex = '') => parseNetworkId(contentIdOfBytes(bytesOfHex(hex)))
  test.each(genesis.json)('JSON: $name: $expect', ({ json, expect: code, hex, network }) => {
    if (code !== 'ok') return expect(() => parseGenesis(json)).toThrow(expect.objectContaining({ code }))
    const read = parseGenesis(json)
    expect([hexOf(encodeGenesis(read)), read.network]).toEqual([hex, idOf(network)])
  })
  test.each(genesis.encoded)('bytes: $name: $expect', ({ hex, expect: code, network }) => {
    if (code !== 'ok') return expect(() => decodeGenesis(bytesOfHex(hex))).toThrow(expect.objectContaining({ code }))
    expect(decodeGenesis(bytesOfHex(hex)).network).toBe(idOf(network))
  })
})

describe('certificates.json', () => {
  const { network } = decodeGenesis(bytesOfHex(certificates.genesis))
  const { seed, settings } = decodeGenesis(bytesOfHex(certificates.genesis))
  const electorate = electorateOf(certificates.electors.map(peerOf), settings.rootGroupSize)
  const group = { height: certificates.block.height, seed, electorate }
  const verification = createVerification(network)
  const block = { height: certificates.block.height, hash: bytesOfHex(certificates.block.hash) }
  test.each(certificates.cases)('$name: $expect', ({ certificate, expect: code, reason }) => {
    const check = () => verifyChainCertificate(decodeWith(certificateSchema, bytesOfHex(certificate)), block, group, verification)
    if (code === 'ok') return expect(check().length).toBeGreaterThanOrEqual(3)
    expect(check).toThrow(expect.objectContaining({ code, failure: { code, reason } }))
  })
})

/** As vectors/README.md states it. */
const electors = blocks.electors.map(peerOf)
const application: Application<readonly Uint8Array[]> = {
  begin: () => [],
  electorate: () => electors,
  apply: (state, transactions) => {
    const refused = transactions.flatMap((one, index) => (one[0] === 0xee ? [{ index, code: 'REFUSED' }] : []))
    return { state: [...state, ...transactions.filter((one) => one[0] !== 0xee)], refused }
  },
  dataSets: (state) => {
    const [ledger, settings, names, peers, jobs] = ['ledger', 'settings', 'names', 'peers', 'jobs'].map((name) =>
      sealOf(name, [[...state]]),
    )
    return { ledger, settings, names, peers, jobs } as ReturnType<Application<unknown>['dataSets']>
  },
  check: () => undefined,
}
describe('blocks.json', () => {
  const opened = decodeGenesis(bytesOfHex(blocks.genesis))
  const sender = createSigner(bytesOfHex(blocks.seeds[0] ?? ''))
  const { nowMs } = blocks
  const observer = createSigner(bytesOfHex(blocks.strangerSeed))
  const stateAt = (height: number) =>
    openChain({
      genesis: opened,
      application,
      signer: observer,
      blocks: height === 1 ? [] : [bytesOfHex(blocks.first)],
      record: undefined,
      nowMs,
    }).state
  test.each(blocks.cases)('$name: $expect', ({ height, block, expect: code, reason, hash }) => {
    const envelope = signMessage(blocksMessage, { blocks: [bytesOfHex(block)], sender: sender.publicKey }, sender, opened.network)
    const { effects } = stepChain(stateAt(height), { type: 'message', from: sender.peerId, envelope, nowMs })
    const counted = effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))
    const taken = effects.flatMap((effect) => (effect.type === 'block' ? [hexOf(effect.hash)] : []))
    const read = decodedBlock(block)
    const certificate = read?.certificate ?? undefined
    if (code === 'ok') return expect([counted, taken]).toEqual([[], [hash]])
    expect([counted, taken]).toEqual([reason === 'height' ? [] : [code], []]) // one far ahead: it asks for those between
    if (read === undefined) return expect(code).toMatch(/^WIRE_/)
    if (certificate === undefined) return expect(code).toBe('BLOCK_UNCERTIFIED')
    const { fixed, tip } = stateAt(height)
    expect(() => {
      const checked = checkBlock(fixed, tip, headerMessage.encode(read.header), encodeBody(read.body), 'certified')
      verifyChainCertificate(certificate, { height, hash: checked.hash }, tip.group, fixed.verification)
    }).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code, reason }) }))
  })
})
test.each(blocks.proposed)('blocks.json: proposed $name: $expect', ({ header, body, certificate, expect: code, reason }) => {
  const options = { genesis: decodeGenesis(bytesOfHex(blocks.genesis)), application, signer: createSigner(bytesOfHex(blocks.strangerSeed)) }
  const { fixed, tip } = openChain({ ...options, blocks: [bytesOfHex(blocks.first)], record: undefined, nowMs: blocks.nowMs }).state
  const shown = certificate === null ? null : decodeWith(certificateSchema, bytesOfHex(certificate))
  const check = () => checkBlock(fixed, tip, bytesOfHex(header), bytesOfHex(body), { shown })
  if (code === 'ok') return expect(check().header.height).toBe(2)
  expect(check).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code, reason }) }))
})
function decodedBlock(hex: string): ReturnType<typeof decodeBlock> | undefined {
  try {
    return decodeBlock(bytesOfHex(hex))
  } catch {
    return undefined
  }
}

describe('agreement.json', () => {
  const opened = decodeGenesis(bytesOfHex(agreement.genesis))
  const signer = createSigner(bytesOfHex(agreement.self))
  const { nowMs } = agreement
  test.each(agreement.cases)('$name: $expect', ({ messages, expect: code, ...given }) => {
    let { state } = openChain({ genesis: opened, application, signer, blocks: [], record: undefined, nowMs: nowMs - 1 })
    const effects: ChainEffect<readonly Uint8Array[]>[] = []
    for (const { from, envelope } of messages) {
      const step = stepChain(state, { type: 'message', from: peerOf(from), envelope: bytesOfHex(envelope), nowMs })
      state = step.state
      effects.push(...step.effects)
    }
    if (given.laterMs !== undefined) effects.push(...stepChain(state, { type: 'time', nowMs: nowMs + given.laterMs }).effects)
    expect(effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))).toEqual(code === 'ok' ? [] : [code])
    const votes = effects.flatMap((effect) =>
      effect.type === 'send' && peekMessageNumber(effect.envelope) === 83 ? [hexOf(effect.envelope)] : [],
    )
    if (given.signs !== undefined) expect([...new Set(votes)]).toEqual(given.signs)
    const final = effects.flatMap((effect) => (effect.type === 'block' ? [hexOf(effect.hash)] : []))
    expect(final).toEqual(given.final === undefined ? [] : [given.final])
  })
})

describe('draws.json', () => {
  test.each(draws.quorums)('$quorum of $electors electors', ({ electors, quorum }) => {
    expect(quorumOf(electors)).toBe(quorum)
  })
  test.each(draws.electorates)('an electorate: $root', ({ electors: keys, root }) => {
    const { map } = electorateOf(keys.map(peerOf), 512)
    expect(hexOf(map.root.hash)).toBe(root)
    const key = bytesOfHex(keys[0] as string)
    const { proof } = readHeldMap(map, (get, at) => proveEntry(get, at, key))
    const count = BigInt(keys.length)
    expect(checkElector(map.root.hash, peerIdOfKey(key), proof)).toEqual({ isElector: true, electors: count })
    const stranger = createSigner(bytesOfHex(blocks.strangerSeed))
    const absent = readHeldMap(map, (get, at) => proveEntry(get, at, stranger.publicKey))
    expect(checkElector(map.root.hash, stranger.peerId, absent.proof)).toEqual({ isElector: false, electors: count })
  })
  const { vrfOutput } = createVerification(parseNetworkId(contentIdOfBytes(bytesOfHex(agreement.network))))
  test.each(draws.heights)('height $height', ({ height, previousSeed, alpha, key, proof, output, seed, withoutLeader, lots }) => {
    const previous = bytesOfHex(previousSeed)
    expect(hexOf(seedInput(previous, height))).toBe(alpha)
    const given = vrfOutput(bytesOfHex(key), bytesOfHex(alpha), bytesOfHex(proof)) as Uint8Array
    expect([hexOf(given), hexOf(seedOf(given))]).toEqual([output, seed])
    expect(hexOf(seedWithoutLeader(previous, height))).toBe(withoutLeader)
    for (const { round, lot } of lots) expect(hexOf(leaderLot(given, round))).toBe(lot)
  })
  test.each(draws.steps)('$step of height $height, attempt $attempt: drawn $isDrawn', ({ step, ...given }) => {
    const { height, round, attempt } = given
    const input = lotInput(bytesOfHex(given.previousSeed), height, round, step as Step, attempt)
    expect(hexOf(input)).toBe(given.input)
    const output = vrfOutput(bytesOfHex(draws.heights[0]?.key as string), input, bytesOfHex(given.proof)) as Uint8Array
    expect(hexOf(output)).toBe(given.output)
    expect(isDrawn(output, given.size, given.electors)).toBe(given.isDrawn)
  })
})
