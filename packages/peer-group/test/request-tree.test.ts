import {
  bytesOfContentId,
  CryptoError,
  contentIdOfBytes,
  createSigner,
  openMessage,
  parseNetworkId,
  peerIdOfKey,
} from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf, WireError } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { job, network, signerAt } from '../simulations/jobs.js'
import { createRequestOpener, isRequestNumber, mayShareSignature, openRequest, peekRequest, signRequests } from '../src/index.js'
import { LEAF_REQUEST_MAX_BYTES, requestLeaf, requestTree, TREE_REQUESTS_MAX } from '../src/request-tree.js'
import { siteRequest } from '../src/site-request.js'
import { writeIdOf } from '../src/write-id.js'
import requests from '../vectors/requests.json' with { type: 'json' }

const asker = signerAt(20)
const unsigned = (i: number, changes: object = {}) => {
  const value = {
    ...{ from: asker.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16).fill(i), ms: 1_000 + i, seenEpoch: 0, seenStep: 0 },
    ...{ method: 'POST', target: `/${i}`, host: 'a.test', https: false, headers: [], body: new Uint8Array(), parts: [], ...changes },
  }
  return { value, bytes: siteRequest.encode(value) }
}
const codeOf = (open: () => unknown): unknown => {
  try {
    open()
    return 'ok'
  } catch (error) {
    if (!(error instanceof CryptoError || error instanceof WireError)) throw error
    return error.code
  }
}

describe('requests.json', () => {
  const of = parseNetworkId(contentIdOfBytes(bytesOfHex(requests.network)))
  const opener = createRequestOpener(of)
  test.each(requests.cases)('$name: $expect', ({ hex, expect: code, ...one }) => {
    const bytes = bytesOfHex(hex)
    for (const open of [() => openRequest(bytes, of), () => opener.open(bytes), () => opener.open(bytes)]) expect(codeOf(open)).toBe(code)
    if (!('request' in one)) return
    const request = openRequest(bytes, of)
    expect([hexOf(siteRequest.encode(request)), hexOf(writeIdOf(request))]).toEqual([one.request, one.writeId])
  })
  test('and we sign the same', () => {
    const signer = createSigner(bytesOfHex(requests.seed))
    const of3 = requests.cases.filter(({ name }) => / of 3$/.test(name)).map(({ hex }) => bytesOfHex(hex))
    const values = of3.map(peekRequest)
    const unsigned = values.map((value) => ({ value, bytes: siteRequest.encode(value) }))
    expect(signRequests(unsigned, signer, of)).toEqual(of3)
    expect(of3).toHaveLength(3)
  })
})

test('one signature stands for each of any number of requests, and opens to what was asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: TREE_REQUESTS_MAX }), (count) => {
      const asked = Array.from({ length: count }, (_, i) => unsigned(i))
      const signed = signRequests(asked, asker, network)
      expect(signed.map((one) => openRequest(one, network))).toEqual(asked.map(({ value }) => value))
      expect(signed.map(peekRequest)).toEqual(asked.map(({ value }) => value))
      if (count > 1) expect(new Set(signed.map((one) => hexOf(requestLeaf.decode(one).tree))).size).toBe(1)
    }),
    { numRuns: 12 },
  )
})

test('no request that differs in one byte opens, whatever was opened before', () => {
  const opener = createRequestOpener(network)
  const signed = signRequests(
    [0, 1, 2].map((i) => unsigned(i)),
    asker,
    network,
  )
  for (const one of signed) opener.open(one)
  const [, second] = signed as [Uint8Array, Uint8Array]
  fc.assert(
    fc.property(fc.nat(second.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const forged = second.map((byte, i) => (i === at ? byte ^ change : byte))
      expect(codeOf(() => opener.open(forged))).not.toBe('ok')
    }),
  )
})

test('long requests, and those with a body in further blocks, are signed by themselves', () => {
  const part = bytesOfContentId(job)
  expect(mayShareSignature(unsigned(1))).toBe(true)
  expect(mayShareSignature(unsigned(1, { parts: [part] }))).toBe(false)
  expect(mayShareSignature(unsigned(1, { body: new Uint8Array(LEAF_REQUEST_MAX_BYTES) }))).toBe(false)
  expect([siteRequest.number, requestLeaf.number, 0, undefined].map(isRequestNumber)).toEqual([true, true, false, false])
})

test('a memory of trees forgets the oldest, and verifies those again', () => {
  const verified: string[] = []
  const opener = createRequestOpener(network, (tree, network) => {
    verified.push(hexOf(tree))
    return openMessage(requestTree, tree, network, ({ from }) => peerIdOfKey(from))
  })
  const pairs = Array.from({ length: 513 }, (_, i) => signRequests([unsigned(i), unsigned(i + 1_000)], asker, network) as Uint8Array[])
  const open = (one: Uint8Array | undefined) => expect(codeOf(() => opener.open(one as Uint8Array))).toBe('ok')
  for (const [one, other] of pairs) for (const leaf of [one, other]) open(leaf)
  expect(verified).toHaveLength(513)
  open(pairs[512]?.[1])
  open(pairs[1]?.[0])
  expect(verified).toHaveLength(513)
  open(pairs[0]?.[0])
  expect(verified.slice(513)).toEqual([verified[0]])
})
