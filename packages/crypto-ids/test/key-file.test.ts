import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { generateKey, loadOrCreateKey, saveKey } from '../src/node/key-file.js'
import { createSigner } from '../src/signer.js'

const root = mkdtempSync(join(tmpdir(), 'interpeer-key-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const freshPath = () => join(root, `${count++}`, 'data', 'peer.key')
const fileWith = (content: string | Buffer, mode = 0o600) => {
  const path = join(root, `${count++}.key`)
  writeFileSync(path, content, { mode })
  chmodSync(path, mode)
  return path
}
const code = (expected: string) => expect.objectContaining({ code: expected })
const unix = process.platform !== 'win32'

test('creates the key once, PKCS#8 PEM and mode 0600, and loads the same one after', () => {
  const path = freshPath()
  const { peerId } = loadOrCreateKey(path)
  expect(loadOrCreateKey(path).peerId).toBe(peerId)
  expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=]{64}\n-----END PRIVATE KEY-----\n$/)
  if (unix) expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(path, '..'))).toEqual(['peer.key']) // nothing unfinished stays behind
})

test('a saved seed is the seed that is loaded, and nothing is ever overwritten', () => {
  const [path, seed] = [freshPath(), generateKey()]
  saveKey(path, seed)
  expect(loadOrCreateKey(path).peerId).toBe(createSigner(seed).peerId)
  const before = readFileSync(path)
  expect(() => saveKey(path, generateKey())).toThrow(code('KEY_FILE_EXISTS'))
  expect(readFileSync(path)).toEqual(before)
  expect(() => saveKey(freshPath(), new Uint8Array(31))).toThrow(code('BYTES_LENGTH'))
})

test('keys that OpenSSL wrote are read', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const path = fileWith(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  expect(loadOrCreateKey(path).publicKey).toEqual(Uint8Array.from(raw))
})

test.runIf(unix).each([0o640, 0o604, 0o660, 0o644, 0o610])('a file that others may touch is refused (mode %o)', (mode) => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const path = fileWith(pem, mode)
  expect(() => loadOrCreateKey(path)).toThrow(expect.objectContaining({ failure: { code: 'KEY_FILE_OPEN_TO_OTHERS', path, mode } }))
})

const pair = generateKeyPairSync('ed25519')
test.each([
  ['empty', ''],
  ['cut short', `${pair.privateKey.export({ format: 'pem', type: 'pkcs8' })}`.slice(0, 60)],
  ['a public key', pair.publicKey.export({ format: 'pem', type: 'spki' })],
  ['an X25519 key', generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' })],
  ['an encrypted key', pair.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })],
  ['zeros', Buffer.alloc(119)],
  ['of 1 MiB', Buffer.alloc(1024 * 1024)],
])('refused: a file that is %s', (_, content) => expect(() => loadOrCreateKey(fileWith(content))).toThrow(code('KEY_FILE_MALFORMED')))

test('folders, pipes, links to nothing and paths through files are coded errors', () => {
  const folder = join(root, 'folder.key')
  mkdirSync(folder, { mode: 0o700 })
  expect(() => loadOrCreateKey(folder)).toThrow(code('KEY_FILE_UNREADABLE'))
  expect(() => loadOrCreateKey(join(fileWith('x'), 'peer.key'))).toThrow(expect.objectContaining({ name: 'CryptoError' }))
  if (!unix) return
  const pipe = join(root, 'pipe.key')
  execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', pipe])
  expect(() => loadOrCreateKey(pipe)).toThrow(code('KEY_FILE_UNREADABLE'))
  const dangling = join(root, 'dangling.key')
  symlinkSync(join(root, 'nowhere'), dangling)
  expect(() => loadOrCreateKey(dangling)).toThrow(code('KEY_FILE_UNREADABLE'))
})

test('processes that start together end up with one key', async () => {
  const path = freshPath()
  const script = `
    import { loadOrCreateKey } from ${JSON.stringify(new URL('../dist/node/index.js', import.meta.url).href)}
    console.log(loadOrCreateKey(process.argv[1]).peerId)`
  const run = () =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += chunk
      })
      child.on('error', reject).on('close', () => resolve(out))
    })
  const ids = await Promise.all([run(), run(), run(), run()])
  expect(ids).toEqual(Array.from(ids, () => `${loadOrCreateKey(path).peerId}\n`))
})

test.runIf(unix)('where a key cannot be written, the folder holds no part of it', () => {
  const script = `
    import { saveKey, setPassphrase } from ${JSON.stringify(new URL('../dist/node/index.js', import.meta.url).href)}
    const [, kept, fresh] = process.argv
    const failures = [() => saveKey(fresh, new Uint8Array(32)), () => setPassphrase(kept, 'x', { logN: 14 })].map((write) => {
      try {
        write()
      } catch ({ code, cause }) {
        return [code, cause?.code]
      }
    })
    console.log(JSON.stringify(failures))`
  const kept = freshPath()
  saveKey(kept, generateKey())
  const before = readFileSync(kept)
  const folder = join(kept, '..')
  // what a full disk does, a limit on the size of files does too: it is open by then
  const limited = [
    '-c',
    'ulimit -f 0 && exec "$@"',
    'sh',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
    kept,
    join(folder, 'new.key'),
  ]
  const failures = JSON.parse(execFileSync('sh', limited, { encoding: 'utf8' }))
  expect(failures).toEqual(Array(2).fill(['KEY_FILE_UNWRITABLE', 'EFBIG']))
  expect(readdirSync(folder)).toEqual(['peer.key'])
  expect(readFileSync(kept)).toEqual(before)
})
