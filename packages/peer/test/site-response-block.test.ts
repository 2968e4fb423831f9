import { contentIdOf } from '@interpeer/crypto-ids'
import { RESPONSE_BODY_MAX_BYTES, RESPONSE_CHUNK_BYTES, RESPONSE_INLINE_MAX_BYTES, siteResponse } from '@interpeer/peer-group'
import { decodeWith, encodeWith } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import type { ScriptOutcome } from '../src/script-runtime.js'
import { blocksOfResponse, readResponse, responseOf } from '../src/site-response-block.js'

type Answered = Extract<ScriptOutcome, { type: 'answered' }>
const answered = (more: Partial<Answered>): Answered => ({
  ...{ type: 'answered', status: 200, headers: [['content-type', 'text/html']], body: new Uint8Array([1]), changes: [] },
  fuel: 1,
  transcript: new Uint8Array(32),
  ...more,
})
const request = new Uint8Array(32).fill(5)
const textOf = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body)

test('what fits passes as it is', () => {
  expect(responseOf(answered({ status: 404 }))).toEqual({
    status: 404,
    headers: [{ name: 'content-type', value: 'text/html' }],
    body: new Uint8Array([1]),
  })
})

test.each([
  ['a body too large', { body: new Uint8Array(RESPONSE_BODY_MAX_BYTES + 1) }, 'RESPONSE_TOO_LARGE\n'],
  ['too many headers', { headers: Array.from({ length: 201 }, () => ['a', 'b'] as const) }, 'RESPONSE_TOO_LARGE\n'],
  ['a header too long', { headers: [['a', 'é'.repeat(4_097)] as const] }, 'RESPONSE_TOO_LARGE\n'],
  ['headers too long together', { headers: Array.from({ length: 10 }, () => ['a', 'b'.repeat(8_000)] as const) }, 'RESPONSE_TOO_LARGE\n'],
  ['a header that is no text', { headers: [['a', '\ud800'] as const] }, 'RESPONSE_TOO_LARGE\n'],
  ['a status that HTTP does not have', { status: 70_000 }, 'RESPONSE_MALFORMED\n'],
  ['a status that is no number', { status: Number.NaN }, 'RESPONSE_MALFORMED\n'],
])('%s becomes the same 500 on every member', (_, more, body) => {
  const response = responseOf(answered(more))
  expect(response.status).toBe(500)
  expect(textOf(response)).toBe(body)
  expect(blocksOfResponse({ request, ...response }).cid).toBe(blocksOfResponse({ request, ...responseOf(answered(more)) }).cid)
})

test('a response of any size comes back from its blocks, none larger than a chunk, and not if one is missing', () => {
  for (const size of [
    0,
    1,
    RESPONSE_INLINE_MAX_BYTES,
    RESPONSE_INLINE_MAX_BYTES + 1,
    RESPONSE_CHUNK_BYTES,
    RESPONSE_CHUNK_BYTES + 1,
    RESPONSE_BODY_MAX_BYTES,
  ]) {
    const response = responseOf(answered({ body: new Uint8Array(size).fill(7) }))
    const { cid, blocks } = blocksOfResponse({ request, ...response })
    const stored = new Map(blocks.map((block) => [block.cid, block.bytes]))
    expect(blocks.length > 1).toBe(size > RESPONSE_INLINE_MAX_BYTES)
    expect(Math.max(...blocks.slice(1).map(({ bytes }) => bytes.length), 0)).toBeLessThanOrEqual(RESPONSE_CHUNK_BYTES)
    const { body, ...rest } = readResponse((one) => stored.get(one), cid) ?? { body: new Uint8Array(9) }
    expect(rest).toEqual({ request, status: 200, headers: response.headers })
    expect(Buffer.compare(body, response.body)).toBe(0)
    for (const { cid: gone } of blocks.slice(0, 2))
      expect(readResponse((one) => (one === gone ? undefined : stored.get(one)), cid)).toBeUndefined()
  }
})

test('the same response to two requests is two blocks', () => {
  const response = responseOf(answered({}))
  const cids = [1, 2].map((fill) => blocksOfResponse({ request: new Uint8Array(32).fill(fill), ...response }).cid)
  expect(new Set(cids).size).toBe(2)
})

test('a block that is no response is none', () => {
  const bytes = new Uint8Array([0x83, 1, 2, 3])
  expect(readResponse(() => bytes, contentIdOf(bytes, 'dag-cbor'))).toBeUndefined()
})

test('a block with a body of its own and another in chunks is none', () => {
  const long = blocksOfResponse({ request, ...responseOf(answered({ body: new Uint8Array(RESPONSE_INLINE_MAX_BYTES + 1) })) })
  const stored = new Map(long.blocks.map((block) => [block.cid, block.bytes]))
  const head = decodeWith(siteResponse, stored.get(long.cid) as Uint8Array)
  const bytes = encodeWith(siteResponse, { ...head, body: Uint8Array.of(1) })
  const cid = contentIdOf(bytes, 'dag-cbor')
  expect(readResponse((one) => (one === cid ? bytes : stored.get(one)), cid)).toBeUndefined()
  expect(readResponse((one) => stored.get(one), long.cid)?.body).toHaveLength(RESPONSE_INLINE_MAX_BYTES + 1)
})
