import { createDecipheriv, scryptSync } from 'node:crypto'
import { bytesOfHex, encodeCbor, hexOf } from '@interpeer/wire-codec'
import * as cborg from 'cborg'
import { expect, test } from 'vitest'
import { aeadSeal } from '../src/aead.js'
import { decryptKey, encryptKey, peerOfEncryptedKey } from '../src/encrypted-key.js'
import { keyOfPeerId, parsePeerId } from '../src/peer-id.js'
import vectors from '../vectors/encrypted-keys.json' with { type: 'json' }
import { encryptedKeyVectors } from './encrypted-key-cases.js'

const cases: readonly { name: string; expect: string; text: string; passphrase?: string }[] = vectors.cases

test('the file holds what the code makes', async () => {
  await expect(`${JSON.stringify(encryptedKeyVectors(), null, 2)}\n`).toMatchFileSnapshot('../vectors/encrypted-keys.json')
})

test.each(cases)('$name: $expect', ({ text, expect: code, passphrase = vectors.passphrase }) => {
  const open = () => decryptKey(text, passphrase)
  if (code === 'ok') expect(hexOf(open())).toBe(vectors.seed)
  else expect(open).toThrow(expect.objectContaining({ code }))
  if (code === 'ok' || code === 'PASSPHRASE_UNUSABLE') expect(peerOfEncryptedKey(text)).toBe(vectors.peer)
})

/** What the README says of the format, read without any of our code. */
test('another implementation opens the good ones: OpenSSL and cborg', () => {
  const good = cases.filter((one) => one.expect === 'ok')
  expect(good.length).toBeGreaterThan(3)
  for (const { text, passphrase = vectors.passphrase } of good) {
    const { format, version, peer, scrypt, sealed } = JSON.parse(text)
    const salt = bytesOfHex(scrypt.salt)
    const key = scryptSync(passphrase.normalize('NFC'), salt, 32, { N: 2 ** scrypt.logN, r: scrypt.r, p: scrypt.p, maxmem: 2 ** 26 })
    const bytes = bytesOfHex(sealed)
    const decipher = createDecipheriv('chacha20-poly1305', key, new Uint8Array(12), { authTagLength: 16 })
    const header = cborg.encode([format, version, keyOfPeerId(parsePeerId(peer)), scrypt.logN, scrypt.r, scrypt.p, salt])
    decipher.setAAD(header, { plaintextLength: 32 }).setAuthTag(bytes.subarray(32))
    expect(Buffer.concat([decipher.update(bytes.subarray(0, 32)), decipher.final()]).toString('hex')).toBe(vectors.seed)
  }
})

test('what is wrong with a text says what: its syntax, its version or its cost', () => {
  const reasonOf = (name: string) => {
    try {
      decryptKey(cases.find((one) => one.name === name)?.text ?? '', 'x')
    } catch (error) {
      return (error as { failure: { reason?: string } }).failure.reason
    }
  }
  expect(['version 2', 'log N 19, too costly', 'another r', 'another p', 'cut short'].map(reasonOf)).toEqual([
    'version',
    'cost',
    'cost',
    'cost',
    'syntax',
  ])
})

test('a seed that is not the one of the peer it names is refused, though its tag holds', () => {
  const [salt, seed] = [new Uint8Array(32), new Uint8Array(32).fill(4)]
  const sealedFor = (peer: string) => {
    const header = encodeCbor(['interpeer encrypted key', 1, keyOfPeerId(parsePeerId(peer)), 14, 8, 1, salt])
    return hexOf(
      aeadSeal(Uint8Array.from(scryptSync('x', salt, 32, { N: 2 ** 14, r: 8, p: 1, maxmem: 2 ** 26 })), new Uint8Array(12), header, seed),
    )
  }
  const own = JSON.parse(encryptKey(seed, 'x', { salt, logN: 14 }))
  expect(sealedFor(own.peer)).toBe(own.sealed)
  const forged = JSON.stringify({ ...own, peer: vectors.peer, sealed: sealedFor(vectors.peer) })
  expect(() => decryptKey(forged, 'x')).toThrow(expect.objectContaining({ code: 'PASSPHRASE_WRONG' }))
})

test('bad arguments are refused before anything is computed', () => {
  const [seed, salt] = [new Uint8Array(32), new Uint8Array(32)]
  expect(() => encryptKey(seed.subarray(1), 'x', { salt })).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
  expect(() => encryptKey(seed, 'x', { salt: salt.subarray(1) })).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
  for (const logN of [13, 19, 14.5, Number.NaN]) expect(() => encryptKey(seed, 'x', { salt, logN })).toThrow(RangeError)
  for (const passphrase of ['', '\ud800', 'x'.repeat(1025)]) {
    expect(() => encryptKey(seed, passphrase, { salt })).toThrow(expect.objectContaining({ code: 'PASSPHRASE_UNUSABLE' }))
  }
})
