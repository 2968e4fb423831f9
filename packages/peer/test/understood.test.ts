import { readFileSync } from 'node:fs'
import { contentIdOf, createSigner, jobIdOf, networkIdOf, openMessage, peerIdOfKey, sha256, signMessage } from '@interpeer/crypto-ids'
import { firstStateBlock, type GroupSetup, openGroup, stepGroup } from '@interpeer/peer-group'
import { type Application, encodeGenesis, genesisMessage, openChain, parseGenesis, SETTINGS, stepChain } from '@interpeer/vote-chain'
import {
  bytes,
  type CborValue,
  encodeCbor,
  type Fields,
  list,
  MESSAGE_NUMBERS,
  message,
  oneOf,
  struct,
  text,
  uint8,
  uint32,
  variants,
} from '@interpeer/wire-codec'
import { expect, test } from 'vitest'

/** The rules of wire-codec's README, "What must be understood": every test here is of one of them, and each of them has one. */
const readme = readFileSync(new URL('../../wire-codec/README.md', import.meta.url), 'utf8')
const section = /### What must be understood\n([\s\S]*?)\n### /.exec(readme)?.[1] ?? ''
const rules = [...section.matchAll(/^\d+\. ([\s\S]*?)(?=\n\d+\. |\n*$(?![\s\S]))/gm)].map(([, rule = '']) =>
  rule.replace(/\s+/g, ' ').trim(),
)
const sentences = rules.flatMap((rule) => rule.split(/(?<=\.) /))
const tested = new Set<string>()
/** A test of one sentence, which begins so. */
function rule(start: string, check: () => void): void {
  const sentence = sentences.find((each) => each.startsWith(start))
  tested.add(sentence ?? start)
  test(sentence ?? `(no such sentence) ${start}`, () => {
    expect(sentence).toBeDefined()
    check()
  })
}

const [alice, bob] = [createSigner(new Uint8Array(32).fill(1)), createSigner(new Uint8Array(32).fill(2))]
const network = networkIdOf(Uint8Array.of(0x80))
const change = variants({ keep: [0, {}], drop: [1, { from: uint8 }] })
const fields = { from: bytes(32), count: uint8, method: oneOf('GET', 'POST'), change, items: list(uint8, 2), name: text(4) }
const note = message('example', 255, 1, fields)
const value = {
  from: alice.publicKey,
  count: 7,
  method: 'POST' as const,
  change: { type: 'drop' as const, from: 3 },
  items: [1],
  name: 'ab',
}
const coded = (code: string) => expect.objectContaining({ code })
const signerOf = ({ from }: { from: Uint8Array }) => peerIdOfKey(from)
/** As whoever changed the declaration writes it. */
const written = (changedFields: Fields, changedValue: object): Uint8Array =>
  message('example', 255, 2, changedFields).encode(changedValue as never)

/** What a later version might be, and one message of it. */
const later: [string, Fields, object][] = [
  ['a field more', { ...fields, more: uint8 }, { ...value, more: 1 }],
  ['a field less', { from: fields.from, count: fields.count }, value],
  [
    'fields in another order',
    { count: fields.count, from: fields.from, method: fields.method, change, items: fields.items, name: fields.name },
    value,
  ],
  ['another kind', { ...fields, count: text(4) }, { ...value, count: '7' }],
  ['a wider integer', { ...fields, count: uint32 }, { ...value, count: 256 }],
  ['another size', { ...fields, from: bytes(33) }, { ...value, from: new Uint8Array(33) }],
  ['a longer text', { ...fields, name: text(8) }, { ...value, name: 'abcde' }],
  ['a longer list', { ...fields, items: list(uint8, 3) }, { ...value, items: [1, 2, 3] }],
  ['one more word', { ...fields, method: oneOf('GET', 'POST', 'PUT') }, { ...value, method: 'PUT' }],
  [
    'one more variant',
    { ...fields, change: variants({ keep: [0, {}], drop: [1, { from: uint8 }], move: [2, {}] }) },
    { ...value, change: { type: 'move' } },
  ],
  [
    'a field more in a variant',
    { ...fields, change: variants({ keep: [0, { why: uint8 }] }) },
    { ...value, change: { type: 'keep', why: 1 } },
  ],
  ['a record within', { ...fields, items: list(struct({ id: uint8 }), 2) }, { ...value, items: [{ id: 1 }] }],
]

rule('A message is understood whole or refused whole', () => {
  expect(note.decode(note.encode(value))).toEqual(value)
  for (const [what, changedFields, changedValue] of later) {
    expect(() => note.decode(written(changedFields, changedValue)), what).toThrow(coded('WIRE_SHAPE'))
  }
})
rule('Nothing in a message may be ignored', () => {
  // one value after another of a good message in turn replaced by null, which no field of it takes
  const items: CborValue[] = [note.number, value.from, 7, 1, [1, 3], [1], 'ab']
  expect(note.encode(value)).toEqual(encodeCbor(items))
  for (const at of items.keys()) {
    if (at > 0) expect(() => note.decode(encodeCbor(items.with(at, null)))).toThrow(coded('WIRE_SHAPE'))
  }
  expect(() => note.decode(encodeCbor([...items, null]))).toThrow(coded('WIRE_SHAPE'))
  expect(() => note.decode(Uint8Array.from([...note.encode(value), 0xf6]))).toThrow(coded('WIRE_MALFORMED'))
})

const opened = (envelope: Uint8Array) => openMessage(note, envelope, network, signerOf)
rule("Whatever changes in a message's fields", () => {
  // the version is the message's own statement, and changes what is signed
  const [first, second] = [note, message('example', 255, 2, fields)]
  expect(first.encode(value)).toEqual(second.encode(value))
  expect(signMessage(first, value, alice, network)).not.toEqual(signMessage(second, value, alice, network))
})
rule('Readers of the earlier version refuse', () => {
  expect(opened(signMessage(note, value, alice, network))).toEqual(value)
  for (const [what, changedFields, changedValue] of later) {
    const newer = message('example', 255, 2, changedFields)
    expect(() => opened(signMessage(newer, changedValue as never, alice, network)), what).toThrow(coded('WIRE_SHAPE'))
    // limits that let more in, and a value that the earlier ones would have let in too
  }
  const wider = message('example', 255, 2, { ...fields, count: uint32, name: text(80), items: list(uint8, 9) })
  expect(() => opened(signMessage(wider, value, alice, network))).toThrow(coded('SIGNATURE_WRONG'))
})
rule('The version is not sent', () => {
  const versions = [1, 2, 3].map((version) => message('example', 255, version, fields).encode(value).join())
  expect(new Set(versions).size).toBe(1)
})
rule('It is part of what a signature covers', () => {
  const forged = signMessage(note, value, bob, network) // by another key than the one that `from` names
  expect(() => opened(forged)).toThrow(coded('SIGNATURE_WRONG'))
  expect(() => opened(signMessage({ ...note, version: 2 }, value, alice, network))).toThrow(coded('SIGNATURE_WRONG'))
  expect(() => opened(signMessage({ ...note, number: 254 }, value, alice, network))).toThrow(coded('SIGNATURE_WRONG'))
  expect(() => opened(signMessage(note, value, alice, networkIdOf(Uint8Array.of(0x81, 0))))).toThrow(coded('SIGNATURE_WRONG'))
})
rule('A message that is not signed has no version', () => {
  const [first, second] = [message('bulk-open', 21, 1, { stream: uint32 }), message('bulk-open', 21, 2, { stream: uint32 })]
  expect(first.decode(second.encode({ stream: 7 }))).toEqual({ stream: 7 }) // nothing tells them apart
})
rule('Changed, it takes a new number', () => {
  const [ping, pong] = [message('cell-ping', 19, 1, { echo: uint32 }), message('cell-pong', 20, 1, { echo: uint32 })]
  expect(() => ping.decode(pong.encode({ echo: 7 }))).toThrow(coded('WIRE_NUMBER'))
})
rule('No two kinds of message have one number', () => {
  const numbers = Object.values<number>(MESSAGE_NUMBERS)
  expect(new Set(numbers).size).toBe(numbers.length)
})

const genesisJson = (protocol: number): string =>
  JSON.stringify({
    protocol,
    settings: Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])),
    peers: [alice.peerId, bob.peerId],
    balances: [],
    seed: '5a'.repeat(32),
    startMs: 1_000_000,
  })
const set = new Uint8Array(32)
const nothing: Application<null> = {
  begin: () => null,
  apply: () => ({ state: null, refused: [] }),
  dataSets: () => ({ ledger: set, settings: set, names: set, peers: set, jobs: set }),
  electorate: () => [alice.peerId, bob.peerId].sort(),
  check: () => undefined,
}
/** Signed by a peer that counts, with a number that nobody has. */
const unknown = (of: typeof network): Uint8Array => {
  const payload = encodeCbor([199, bob.publicKey, 'something new'])
  return signMessage({ ...note, number: 199, encode: () => payload }, value, bob, of)
}
rule('A message whose number its receiver does not know is dropped', () => {
  const genesis = parseGenesis(genesisJson(1))
  const nowMs = 1_000_000
  const chain = openChain({ genesis, application: nothing, signer: alice, blocks: [], record: undefined, nowMs }).state
  const quiet = stepChain(chain, { type: 'time', nowMs })
  const step = stepChain(chain, { type: 'message', from: bob.peerId, envelope: unknown(genesis.network), nowMs })
  expect(step.effects).toEqual([{ type: 'count', code: 'MESSAGE_UNKNOWN' }, ...quiet.effects])
  expect(step.state).toEqual(quiet.state)

  const start = firstStateBlock(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
  const job = jobIdOf(start.cid)
  const members = [alice.peerId, bob.peerId]
  const setup: GroupSetup = {
    network,
    job,
    epoch: 1,
    members,
    chainSeed: sha256(Uint8Array.of(1)),
    start: start.cid,
    rerun: [],
    settings: {},
  }
  const group = openGroup(setup, alice, nowMs).state
  const silent = stepGroup(group, { type: 'time', nowMs })
  const told = stepGroup(group, { type: 'message', from: bob.peerId, envelope: unknown(network), nowMs })
  expect(told.effects).toEqual([{ type: 'count', code: 'MESSAGE_UNKNOWN' }, ...silent.effects])
})
rule('So a new kind of message may be sent to everyone', () => {
  // the same receiver takes what it knows as before
  const genesis = parseGenesis(genesisJson(1))
  const nowMs = 1_000_000
  let chain = openChain({ genesis, application: nothing, signer: alice, blocks: [], record: undefined, nowMs }).state
  for (let i = 0; i < 3; i++)
    chain = stepChain(chain, { type: 'message', from: bob.peerId, envelope: unknown(genesis.network), nowMs }).state
  const { effects } = stepChain(chain, { type: 'submit', transaction: Uint8Array.of(1), nowMs })
  expect(effects.filter(({ type }) => type === 'count')).toEqual([])
  expect(stepChain(chain, { type: 'time', nowMs: nowMs + 60_000 }).effects.length).toBeGreaterThan(0)
})
rule('A network has one protocol version', () => {
  const bytesOfGenesis = encodeGenesis(parseGenesis(genesisJson(1)))
  expect(genesisMessage.decode(bytesOfGenesis).protocol).toBe(1)
  expect(parseGenesis(genesisJson(1)).network).toBe(networkIdOf(bytesOfGenesis))
})
rule('A genesis of another protocol is refused', () => {
  expect(() => parseGenesis(genesisJson(2))).toThrow(coded('GENESIS_VALUE'))
  expect(() => parseGenesis(genesisJson(0))).toThrow(coded('GENESIS_VALUE'))
})
test('every sentence of the rules has a test', () => {
  expect(rules.length).toBe(7)
  expect(sentences.filter((sentence) => !tested.has(sentence))).toEqual([])
})
