import { expect, test } from 'vitest'
import { batchVerifierOn, createBatchVerifier, type PoolVerify, type SignedBytes } from '../src/node/batch-verifier.js'
import { createSigner } from '../src/signer.js'
import { passesFilter, verifySignature } from '../src/strict.js'
import { hostileSignatures } from './hostile-signatures.js'

const signer = createSigner(new Uint8Array(32).fill(3))
const signed = (i: number): SignedBytes => {
  const message = Uint8Array.of(i, i >> 8)
  return { message, publicKey: signer.publicKey, signature: signer.sign(message) }
}
const broken = (i: number): SignedBytes => ({ ...signed(i), message: Uint8Array.of(1, 2, 3) })
const refusedByFilter: SignedBytes = { ...signed(0), publicKey: new Uint8Array(32) }
const full = (waitingMax: number) => expect.objectContaining({ failure: { code: 'VERIFIER_FULL', waitingMax } })

/** A pool whose threads answer when the test says so. */
function heldPool() {
  const held: { readonly item: SignedBytes; readonly done: Parameters<PoolVerify>[1] }[] = []
  const pool: PoolVerify = (item, done) => void held.push({ item, done })
  const release = (at: number) => {
    const [one] = held.splice(at, 1)
    if (one === undefined) throw new Error('nothing is held there')
    one.done(null, verifySignature(one.item.signature, one.item.message, one.item.publicKey))
  }
  return { held, pool, release }
}

test('batches that run side by side give the answers of the rule, in their order, on 5,040 hostile signatures', async () => {
  const all = hostileSignatures(5_040)
  const verifier = createBatchVerifier()
  const sizes = [1, 0, 500, 40, 2_000, 2_499]
  const batches = sizes.map((size, i) => {
    const from = sizes.slice(0, i).reduce((sum, one) => sum + one, 0)
    return all.slice(from, from + size)
  })
  expect(batches.flat()).toHaveLength(5_040)
  const answers = await Promise.all(batches.map(verifier.verify))
  for (const [i, batch] of batches.entries()) {
    expect(answers[i]).toEqual(batch.map(({ signature, message, publicKey }) => verifySignature(signature, message, publicKey)))
  }
})

test('the pool never has more than it may, and answers keep their order whoever ends first', async () => {
  const { held, pool, release } = heldPool()
  const verifier = batchVerifierOn(pool, { inFlightMax: 3 })
  const first = verifier.verify([signed(0), broken(1), signed(2), signed(3)])
  const second = verifier.verify([broken(4), signed(5)])
  expect(held).toHaveLength(3)
  while (held.length > 0) {
    release(held.length - 1)
    expect(held.length).toBeLessThanOrEqual(3)
  }
  expect(await first).toEqual([true, false, true, true])
  expect(await second).toEqual([false, true])
})

test('no more wait than may, a batch that does not fit is refused whole, and room comes back', async () => {
  const { held, pool, release } = heldPool()
  const verifier = batchVerifierOn(pool, { inFlightMax: 1, waitingMax: 3 })
  const first = verifier.verify([signed(0), signed(1), signed(2)]) // one in flight, two wait
  await expect(verifier.verify([signed(3), signed(4)])).rejects.toEqual(full(3))
  const second = verifier.verify([broken(3)])
  await expect(verifier.verify([signed(4)])).rejects.toEqual(full(3))
  await expect(verifier.verify([])).resolves.toEqual([])
  for (let i = 0; i < 4; i++) release(0)
  expect([await first, await second, held.length]).toEqual([[true, true, true], [false], 0])
  const third = verifier.verify([signed(0), signed(1), broken(2)])
  for (let i = 0; i < 3; i++) release(0)
  expect(await third).toEqual([true, true, false])
})

test('a thread that fails, at once or later, ends nothing: the signature is judged on this one', async () => {
  const pool: PoolVerify = ({ message }, done) => {
    if (message[0] === 0) throw new Error('no thread')
    setImmediate(done, (message[0] as number) % 2 === 0 ? new Error('no memory') : null, message[0] !== 7)
  }
  const verifier = batchVerifierOn(pool, { inFlightMax: 2 })
  const other = verifier.verify([signed(5)])
  const items = [signed(0), { ...signed(0), publicKey: createSigner(new Uint8Array(32)).publicKey }, signed(2), signed(3), signed(7)]
  expect(await verifier.verify(items)).toEqual([true, false, true, true, false])
  expect(await other).toEqual([true])
})

test.each(['signature', 'message', 'publicKey'] as const)(
  'what cannot be judged at all, for want of its %s, rejects its batch alone',
  async (part) => {
    const pool: PoolVerify = (item, done) => setImmediate(done, item.message === undefined ? new Error('no bytes') : null, true)
    const verifier = batchVerifierOn(pool, {})
    const items: SignedBytes[] = Array.from({ length: 600 }, () => refusedByFilter)
    items[400] = { ...signed(2), [part]: undefined } // past the first slice: whoever comes next takes it up
    const bad = verifier.verify(items)
    const good = verifier.verify([signed(4)])
    await expect(bad).rejects.toThrow(TypeError)
    expect(await good).toEqual([true])
    expect(await verifier.verify([signed(5)])).toEqual([true])
  },
)

test('the pool sees only what passed the filter', async () => {
  const seen: boolean[] = []
  const pool: PoolVerify = ({ signature, publicKey }, done) => {
    seen.push(passesFilter(signature, publicKey))
    setImmediate(done, null, false)
  }
  await batchVerifierOn(pool, {}).verify(hostileSignatures(160))
  expect(new Set(seen)).toEqual(new Set([true]))
  expect(seen.length).toBeLessThan(160)
})

test('a batch of what the filter refuses does not hold the event loop', async () => {
  const verifier = createBatchVerifier()
  let turns = 0
  const count = () => {
    turns++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  const answers = await verifier.verify(Array.from({ length: 10_000 }, () => refusedByFilter))
  clearImmediate(timer)
  expect(answers.every((holds) => holds === false)).toBe(true)
  expect(turns).toBeGreaterThanOrEqual(Math.floor(10_000 / 256))
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is no limit', (limit) => {
  expect(() => createBatchVerifier({ inFlightMax: limit })).toThrow(RangeError)
  expect(() => createBatchVerifier({ waitingMax: limit })).toThrow(RangeError)
})
