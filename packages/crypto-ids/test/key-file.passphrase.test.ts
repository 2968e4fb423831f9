import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { decryptKey } from '../src/encrypted-key.js'
import { describeKeyFile, generateKey, loadOrCreateKey, loadSeed, saveKey, setPassphrase } from '../src/node/key-file.js'
import { createSigner } from '../src/signer.js'
import vectors from '../vectors/encrypted-keys.json' with { type: 'json' }

const root = mkdtempSync(join(tmpdir(), 'interpeer-passphrase-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const freshPath = () => join(root, `${count++}`, 'peer.key')
const fileWith = (content: string) => {
  const path = join(root, `${count++}.key`)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}
const code = (expected: string) => expect.objectContaining({ code: expected })
const textOf = (name: string) => vectors.cases.find((one) => one.name === name)?.text ?? ''
const unix = process.platform !== 'win32'
const [passphrase, seed] = ['an old fox', generateKey()]
/** The cheapest there is: only one test asks for the usual cost. */
const logN = 14
const { peerId } = createSigner(seed)

test('a key with a passphrase is written encrypted, mode 0600, and read with that passphrase alone', () => {
  const path = freshPath()
  saveKey(path, seed, { passphrase, logN })
  if (unix) expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(path, '..'))).toEqual(['peer.key'])
  const text = readFileSync(path, 'utf8')
  expect(JSON.parse(text)).toMatchObject({ version: 1, peer: peerId, scrypt: { logN, r: 8, p: 1 } })
  expect(text).not.toContain(Buffer.from(seed).toString('hex'))
  expect(loadSeed(path, { passphrase })).toEqual(seed)
  expect(loadOrCreateKey(path, { passphrase }).peerId).toBe(peerId)
  expect(() => loadSeed(path, { passphrase: 'an old fix' })).toThrow(code('PASSPHRASE_WRONG'))
  for (const load of [loadSeed, loadOrCreateKey]) {
    expect(() => load(path)).toThrow(expect.objectContaining({ failure: { code: 'KEY_FILE_PASSPHRASE_NEEDED', path } }))
  }
  expect(describeKeyFile(path)).toEqual({ peerId, isEncrypted: true })
})

test('the usual cost is 128 MiB', () => {
  const path = freshPath()
  saveKey(path, seed, { passphrase })
  expect(JSON.parse(readFileSync(path, 'utf8')).scrypt.logN).toBe(17)
})

test('two files of one key and passphrase have nothing in common', () => {
  const [a, b] = [freshPath(), freshPath()].map((path) => {
    saveKey(path, seed, { passphrase, logN })
    return JSON.parse(readFileSync(path, 'utf8'))
  })
  expect(a.scrypt.salt).not.toBe(b.scrypt.salt)
  expect(a.sealed).not.toBe(b.sealed)
})

test('the file is what decryptKey opens, and what encryptKey makes is a file', () => {
  const path = fileWith(textOf('log N 14'))
  expect(Buffer.from(loadSeed(path, { passphrase: vectors.passphrase })).toString('hex')).toBe(vectors.seed)
  const written = freshPath()
  saveKey(written, seed, { passphrase: 'mo\u0308we', logN })
  expect(decryptKey(readFileSync(written, 'utf8'), 'm\u00f6we')).toEqual(seed)
})

test('a new key is encrypted where a passphrase is given, a plain one is read with or without', () => {
  const path = freshPath()
  const created = loadOrCreateKey(path, { passphrase, logN })
  expect(describeKeyFile(path)).toEqual({ peerId: created.peerId, isEncrypted: true })
  expect(JSON.parse(readFileSync(path, 'utf8')).scrypt.logN).toBe(14)
  expect(() => saveKey(freshPath(), seed, { passphrase, logN: 19 })).toThrow(RangeError)
  const plain = freshPath()
  saveKey(plain, seed)
  expect(loadSeed(plain, { passphrase })).toEqual(loadSeed(plain))
  expect(describeKeyFile(plain)).toEqual({ peerId, isEncrypted: false })
})

test('a passphrase is set on a plain key and exchanged on an encrypted one, and nothing else stays behind', () => {
  const path = freshPath()
  saveKey(path, seed)
  setPassphrase(path, 'first', { logN })
  expect(loadSeed(path, { passphrase: 'first' })).toEqual(seed)
  const before = readFileSync(path)
  expect(() => setPassphrase(path, 'second')).toThrow(code('KEY_FILE_PASSPHRASE_NEEDED'))
  expect(() => setPassphrase(path, 'second', { passphrase: 'wrong' })).toThrow(code('PASSPHRASE_WRONG'))
  expect(() => setPassphrase(path, '', { passphrase: 'first' })).toThrow(code('PASSPHRASE_UNUSABLE'))
  expect(readFileSync(path)).toEqual(before)
  setPassphrase(path, 'second', { passphrase: 'first', logN })
  expect(loadSeed(path, { passphrase: 'second' })).toEqual(seed)
  expect(readdirSync(join(path, '..'))).toEqual(['peer.key'])
  if (unix) expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(() => setPassphrase(freshPath(), 'x')).toThrow(code('KEY_FILE_MISSING'))
})

test.runIf(unix)('where the name is a link, the file that it leads to is encrypted, and the link stays', () => {
  const [target, link] = [freshPath(), join(root, 'link.key')]
  saveKey(target, seed)
  symlinkSync(target, link)
  setPassphrase(link, passphrase, { logN })
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(describeKeyFile(target).isEncrypted).toBe(true)
})

test('a key that could not be put in its place leaves nothing behind', () => {
  const folder = join(root, 'folder')
  mkdirSync(join(folder, 'peer.key'), { recursive: true, mode: 0o700 })
  expect(() => saveKey(join(folder, 'peer.key'), seed, { passphrase, logN })).toThrow(code('KEY_FILE_EXISTS'))
  expect(readdirSync(folder)).toEqual(['peer.key'])
})

test.each([
  ['another version', textOf('version 2')],
  ['a cost of gigabytes', textOf('another r')],
  ['a cost of hours', textOf('another p')],
  ['half of it', textOf('log N 14').slice(0, 200)],
  ['a brace', '{'],
])('refused before anything is computed: %s', (_, text) => {
  const path = fileWith(text)
  const refused = expect.objectContaining({ failure: { code: 'KEY_FILE_MALFORMED', path } })
  for (const read of [loadSeed, loadOrCreateKey, describeKeyFile]) expect(() => read(path, { passphrase })).toThrow(refused)
})

test('no file, no facts', () => {
  for (const read of [loadSeed, describeKeyFile]) expect(() => read(freshPath())).toThrow(code('KEY_FILE_MISSING'))
})
