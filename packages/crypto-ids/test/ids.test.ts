import { readFileSync } from 'node:fs'
import { concatBytes, hexOf } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { sha256 as sha256Hasher } from 'multiformats/hashes/sha2'
import { describe, expect, test } from 'vitest'
import { accountOfBytes, accountOfJob, accountOfPeer, bytesOfAccount, parseAccountId } from '../src/account-id.js'
import {
  bytesOfContentId,
  codecOf,
  contentIdOf,
  contentIdOfBytes,
  jobIdOf,
  networkIdOf,
  parseContentId,
  parseJobId,
  parseNetworkId,
} from '../src/content-id.js'
import { sealOf, sha256 } from '../src/hash.js'
import { keyOfPeerId, parsePeerId, peerIdOfKey } from '../src/peer-id.js'
import { createSigner } from '../src/signer.js'
import ids from '../vectors/ids.json' with { type: 'json' }
import { bytesOf, dice } from './backends.js'

const text = (value: string) => new TextEncoder().encode(value)
const parsers = { peer: parsePeerId, content: parseContentId, job: parseJobId, network: parseNetworkId, account: parseAccountId }

test.each(ids)('$name: $expect', ({ kind, text: given, expect: code, hex }) => {
  const parse = () => parsers[kind as keyof typeof parsers](given)
  if (code !== 'ok') return expect(parse).toThrow(expect.objectContaining({ code }))
  const id = parse()
  const bytes =
    kind === 'peer'
      ? keyOfPeerId(parsePeerId(id))
      : kind === 'account'
        ? bytesOfAccount(parseAccountId(id))
        : bytesOfContentId(parseContentId(id))
  expect(hexOf(bytes)).toBe(hex)
})

describe('PeerId', () => {
  test('goes from key to text and back, and every key makes 48 characters that begin with z6Mk', () => {
    const random = dice('peer ids')
    for (let i = 0; i < 300; i++) {
      const key = random(32)
      const id = peerIdOfKey(key)
      expect(id).toMatch(/^z6Mk.{44}$/)
      expect(keyOfPeerId(id)).toEqual(key)
      expect(parsePeerId(id)).toBe(id)
    }
    for (const byte of [2, 0xfe]) expect(peerIdOfKey(new Uint8Array(32).fill(byte))).toMatch(/^z6Mk.{44}$/)
  })

  test('the key handed out is the caller’s own, and so is the one taken in', () => {
    const key = createSigner(new Uint8Array(32).fill(1)).publicKey.slice()
    const id = peerIdOfKey(key)
    const honest = hexOf(key)
    key.fill(0)
    keyOfPeerId(id).fill(0)
    expect(hexOf(keyOfPeerId(id))).toBe(honest)
  })

  test('is the same after far more peers than are remembered', () => {
    const random = dice('many peers')
    const first = random(32)
    const id = peerIdOfKey(first)
    for (let i = 0; i < 9000; i++) peerIdOfKey(Uint8Array.of(...random(31), 1))
    expect(keyOfPeerId(id)).toEqual(first)
    expect(peerIdOfKey(first)).toBe(id)
  })

  test('a key that no signature counts for names nobody', () => {
    for (const [key, reason] of [
      [new Uint8Array(31), 'length'],
      [new Uint8Array(32), 'small order'],
      [new Uint8Array(32).fill(255), 'not canonical'],
    ] as const) {
      expect(() => peerIdOfKey(key)).toThrow(expect.objectContaining({ failure: { code: 'PEER_KEY_UNUSABLE', reason } }))
    }
  })
})

describe('ContentId', () => {
  test.each([
    ['raw', 0x55],
    ['dag-cbor', 0x71],
  ] as const)('%s: equal to what multiformats makes', async (codec, code) => {
    for (const block of [new Uint8Array(), text('hello'), dice('block')(70_000)]) {
      const cid = CID.createV1(code, await sha256Hasher.digest(block))
      expect(contentIdOf(block, codec)).toBe(cid.toString())
      expect(bytesOfContentId(contentIdOf(block, codec))).toEqual(cid.bytes)
      expect(contentIdOfBytes(cid.bytes)).toBe(cid.toString())
      expect(codecOf(contentIdOf(block, codec))).toBe(codec)
    }
  })

  test('a text has one id, and an id one text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(0x55, 0x71), (digest, codec) => {
        const bytes = concatBytes(Uint8Array.of(1, codec, 0x12, 32), digest)
        const id = contentIdOfBytes(bytes)
        expect(parseContentId(id)).toBe(id)
        expect(bytesOfContentId(id)).toEqual(bytes)
        expect(() => parseContentId(id.toUpperCase())).toThrow(expect.objectContaining({ code: 'CONTENT_ID_SYNTAX' }))
      }),
    )
  })

  test('hostile texts get a code, never another error', () => {
    const codes = /^(PEER_ID_SYNTAX|PEER_KEY_UNUSABLE|CONTENT_ID_SYNTAX|CONTENT_ID_BYTES|CONTENT_ID_CODEC|ACCOUNT_ID_SYNTAX)$/
    const nearly = fc.stringMatching(/^(b[a-z2-7]{58}|z6Mk[1-9A-HJ-NP-Za-km-z]{44}|[0-9a-f]{64})$/)
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), fc.constantFrom(...Object.values(parsers)), (given, parse) => {
        try {
          expect(parse(given)).toBe(given)
        } catch (error) {
          expect((error as { code: string }).code).toMatch(codes)
        }
      }),
    )
  })
})

test('jobs and networks are dag-cbor, so that one manifest and one genesis have one name', () => {
  const genesis = text('genesis')
  expect(networkIdOf(genesis)).toBe(contentIdOf(genesis, 'dag-cbor'))
  expect(jobIdOf(contentIdOf(genesis, 'dag-cbor'))).toBe(networkIdOf(genesis))
  expect(() => jobIdOf(contentIdOf(genesis, 'raw'))).toThrow(expect.objectContaining({ code: 'CONTENT_ID_CODEC' }))
})

test('an account is a public key, or the digest of a JobId', () => {
  const signer = createSigner(new Uint8Array(32).fill(1))
  expect(accountOfPeer(signer.peerId)).toBe(hexOf(signer.publicKey))
  const job = jobIdOf(contentIdOf(text('manifest'), 'dag-cbor'))
  expect(accountOfJob(job)).toBe(hexOf(sha256(bytesOfContentId(job))))
  expect(accountOfBytes(bytesOfAccount(accountOfJob(job)))).toBe(accountOfJob(job))
  expect(() => accountOfBytes(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
})

test('a seal is the SHA-256 of canonical CBOR, and its context counts', () => {
  expect(hexOf(sealOf('a', [1, Uint8Array.of(2)]))).toBe(hexOf(sha256(bytesOf('836161014102'))))
  expect(sealOf('a', [1])).not.toEqual(sealOf('b', [1]))
})

/** Our two alphabets, as the multibase project's own vectors have them: what multiformats is trusted with. */
test.each(['basic', 'leading_zero', 'two_leading_zeros'])('multibase %s: base32 and base58btc', (file) => {
  const lines = readFileSync(new URL(`../vectors/multibase_${file}.csv`, import.meta.url), 'utf8').split('\n')
  const [header, ...rows] = lines.map((line) => /^(.*?), "(.*)"$/.exec(line)?.slice(1) ?? [])
  const plain = text((header?.[1] ?? '').replaceAll('\\x00', '\0'))
  for (const [name, encoded] of rows) {
    if (name !== 'base32' && name !== 'base58btc') continue
    const codec = name === 'base32' ? base32 : base58btc
    expect([name, codec.encode(plain)]).toEqual([name, encoded])
    expect([name, codec.decode(encoded as string)]).toEqual([name, plain])
  }
})

test('multibase case_insensitivity: multiformats reads mixed case, so our parsers look at the letters first', () => {
  const lines = readFileSync(new URL('../vectors/multibase_case_insensitivity.csv', import.meta.url), 'utf8')
  const mixed = /^base32, "(.*)"$/m.exec(lines)?.[1] as string
  expect(base32.decode(mixed)).toEqual(text('hello world'))
  const id = contentIdOf(text('hello world'), 'raw')
  expect(() => parseContentId(`${id.slice(0, 20)}${id.slice(20).toUpperCase()}`)).toThrow(
    expect.objectContaining({ code: 'CONTENT_ID_SYNTAX' }),
  )
})
