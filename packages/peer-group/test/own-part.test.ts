import { peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyFiles, job, network, signerAt } from '../simulations/jobs.js'
import { answerOf } from '../src/answer.js'
import { ownPart, TRANSCRIPT_MAX_BYTES } from '../src/index.js'
import { DRAWS_MAX } from '../src/own-work/messages.js'
import { CHUNK_BYTES, type ChunkProof, chunkCount, chunkFits, type OwnPlace, PATH_MAX, showChunks } from '../src/own-work/own-part.js'

const place: OwnPlace = { network, job, epoch: 1, step: 2, batch: sha256(Uint8Array.of(1)), key: signerAt(0).publicKey }
/** Bytes of no pattern. */
const transcriptOf = (length: number, seed = 0): Uint8Array => {
  const out = new Uint8Array(length)
  for (let at = 0; at < length; at += 32) out.set(sha256(Uint8Array.of(seed, at >>> 16, at >>> 8, at)).subarray(0, length - at), at)
  return out
}
const anyLength = fc.oneof(fc.nat(20_000), fc.constantFrom(0, 1, 1023, 1024, 1025, 2048, 3072, 16_384, 17_408))
const anyDraws = fc.array(fc.nat(2 ** 32 - 1), { minLength: 1, maxLength: DRAWS_MAX })

test('whatever is drawn of any transcript fits its own part, and no other', () => {
  fc.assert(
    fc.property(anyLength, anyDraws, (length, draws) => {
      const transcript = transcriptOf(length)
      const { own, chunks } = showChunks(transcript, place, draws)
      expect(sameBytes(own, ownPart(transcript, place))).toBe(true)
      expect(chunks.map(({ index }) => index)).toEqual([...new Set(draws.map((draw) => draw % chunkCount(length)))].sort((a, b) => a - b))
      const other = ownPart(transcript, { ...place, key: signerAt(1).publicKey })
      for (const chunk of chunks) {
        expect(chunkFits(own, length, chunk, place)).toBe(true)
        expect(chunkFits(other, length, chunk, place)).toBe(false)
        expect(chunkFits(own, length, chunk, { ...place, key: signerAt(1).publicKey })).toBe(false)
      }
    }),
    { numRuns: 60 },
  )
})

test('no chunk, index, length or path but the right ones fits', () => {
  const byteOf = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at % bytes.length ? byte ^ 1 : byte))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12_000 }), fc.nat(), fc.nat(), fc.nat(), (length, draw, at, which) => {
      const transcript = transcriptOf(length)
      const { own, chunks } = showChunks(transcript, place, [draw])
      const chunk = chunks[0] as ChunkProof
      const { path, bytes, index } = chunk
      const fits = (changed: Partial<ChunkProof>, size = length) => chunkFits(own, size, { ...chunk, ...changed }, place)
      expect(fits({ bytes: byteOf(bytes, at) })).toBe(false)
      expect(fits({ bytes: bytes.subarray(1) })).toBe(false)
      expect(fits({ path: [...path, own] })).toBe(false)
      expect(fits({ index: index + 1 + (at % 5) })).toBe(false)
      expect(fits({}, length + 1)).toBe(false)
      expect(fits({}, length - 1)).toBe(false)
      expect(fits({ path: path.slice(1) })).toBe(path.length === 0)
      if (path.length > 0) expect(fits({ path: path.map((hash, i) => (i === which % path.length ? byteOf(hash, at) : hash)) })).toBe(false)
    }),
    { numRuns: 100 },
  )
})

test('an own part changes with every byte of the transcript, and cannot be had from a digest of it', () => {
  const transcript = transcriptOf(5_000)
  const own = ownPart(transcript, place)
  for (let at = 0; at < transcript.length; at += 331) {
    const changed = transcript.slice()
    changed[at] = (changed[at] as number) ^ 1
    expect(sameBytes(ownPart(changed, place), own)).toBe(false)
  }
  expect(sameBytes(ownPart(sha256(transcript), place), own)).toBe(false)
  expect(sameBytes(ownPart(transcript, { ...place, key: signerAt(1).publicKey }), own)).toBe(false)
})

test('the longest transcript has the longest path', () => {
  const { chunks } = showChunks(transcriptOf(TRANSCRIPT_MAX_BYTES), place, [2 ** 32 - 1])
  expect(chunks[0]?.path).toHaveLength(PATH_MAX)
  expect(chunks[0]?.index).toBe(TRANSCRIPT_MAX_BYTES / CHUNK_BYTES - 1)
})

test('an answer’s own part is the same at every rank, and of one member only', () => {
  const transcript = transcriptOf(3_000)
  const answer = (rank: number, member: number) =>
    answerOf(
      emptyFiles,
      { responses: [], fuel: 0, transcript },
      { final: 0, disputed: 0 },
      { ...place, rank, key: signerAt(member).publicKey },
    )
  expect(answer(0, 0)).toEqual(answer(3, 0))
  expect(answer(0, 0).own).not.toEqual(answer(0, 1).own)
  expect(peerIdOfKey(place.key)).toBe(signerAt(0).peerId)
})
