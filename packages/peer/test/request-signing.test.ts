import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf } from '@interpeer/crypto-ids'
import { openRequest, requestLeaf, type SiteRequest, siteRequest, TREE_REQUESTS_MAX } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test, vi } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { RequestIds } from '../src/node/request-ids.js'
import { RequestSigning } from '../src/node/request-signing.js'

const signer = createSigner(new Uint8Array(32).fill(1))
const network = networkIdOf(Uint8Array.of(1))
const job = bytesOfContentId(jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor')))
const ids = new RequestIds()
const request = (changes: Partial<SiteRequest> = {}): SiteRequest => ({
  ...{ from: signer.publicKey, job, id: ids.next(), ms: 1, seenEpoch: 0, seenStep: 0, method: 'POST', target: '/', host: 'a.test' },
  ...{ https: false, headers: [], body: new Uint8Array(), parts: [], ...changes },
})
const treesOf = (signed: readonly Uint8Array[]) =>
  signed.map((one) => (numberOf(one) === requestLeaf.number ? hexOf(requestLeaf.decode(one).tree) : 'alone'))

test('requests made at one time share a signature, one alone has its own', async () => {
  const signing = new RequestSigning(signer, network)
  const asked = Array.from({ length: 3 }, () => request())
  const together = await Promise.all(asked.map((one) => signing.sign(one, true)))
  expect(together.map((one) => openRequest(one, network))).toEqual(asked)
  expect(new Set(treesOf(together)).size).toBe(1)
  const alone = await signing.sign(request(), true)
  expect(numberOf(alone)).toBe(siteRequest.number)
  expect(openRequest(alone, network).from).toEqual(signer.publicKey)
})

test('no signature stands for more than is stated, and each request is signed once', async () => {
  const signing = new RequestSigning(signer, network)
  const asked = Array.from({ length: TREE_REQUESTS_MAX + 2 }, () => request())
  const signed = await Promise.all(asked.map((one) => signing.sign(one, true)))
  expect(signed.map((one) => openRequest(one, network).id)).toEqual(asked.map(({ id }) => id))
  const trees = treesOf(signed)
  const counts = [...new Set(trees)].map((tree) => trees.filter((one) => one === tree).length)
  expect(counts).toEqual([TREE_REQUESTS_MAX, 2])
})

test('the first write after a pause is signed at once, and those that follow within a moment are signed together', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const signing = new RequestSigning(signer, network)
    const first = await signing.sign(request(), false)
    expect(treesOf([first])).toEqual(['alone'])
    const second = signing.sign(request(), false)
    await new Promise(setImmediate) // a later turn
    const third = signing.sign(request(), false)
    expect(openRequest(await signing.sign(request(), true), network).method).toBe('POST') // a read waits for none of them
    vi.advanceTimersByTime(1_000)
    expect(new Set(treesOf(await Promise.all([second, third]))).size).toBe(1)
    vi.advanceTimersByTime(1_000)
    expect(treesOf([await signing.sign(request(), false)])).toEqual(['alone'])
    const last = signing.sign(request(), false)
    signing.close()
    expect(treesOf([await last])).toEqual(['alone'])
  } finally {
    vi.useRealTimers()
  }
})

test('what is no request is refused by itself, and keeps no other from being signed', async () => {
  const signing = new RequestSigning(signer, network)
  const long = request({ body: new Uint8Array(100_000) })
  const [bad, good, alone] = await Promise.allSettled([
    signing.sign(request({ method: 'x'.repeat(17) }), true),
    signing.sign(request(), true),
    signing.sign(long, true),
  ])
  expect([bad?.status, good?.status, alone?.status]).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(openRequest((alone as PromiseFulfilledResult<Uint8Array>).value, network)).toEqual(long)
})

test('ids are of 16 bytes each, and no two alike', () => {
  const drawn = Array.from({ length: 1_000 }, () => ids.next())
  expect(new Set(drawn.map(hexOf)).size).toBe(1_000)
  expect(drawn.every(({ length, buffer }) => length === 16 && buffer.byteLength === 16)).toBe(true)
})
