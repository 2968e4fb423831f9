import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey, saveKey } from '@interpeer/crypto-ids/node'
import { afterAll, expect, test } from 'vitest'
import { givenPassphrase } from '../src/passphrase.js'
import { type Ended, INTERPEER, interpeer, type Surroundings } from './interpeer.js'

// The program starts anew for each command, and half a second goes into each passphrase.

const root = mkdtempSync(join(tmpdir(), 'interpeer-key-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const freshData = () => join(root, `${count++}`)
const fileWith = (text: string) => {
  const path = join(root, `${count++}.txt`)
  writeFileSync(path, text)
  return path
}
const key = (verb: string, data: string, args: readonly string[] = [], surroundings?: Surroundings) =>
  interpeer(['key', verb, '--data', data, ...args], surroundings)
const fox = { env: { INTERPEER_PASSPHRASE: 'an old fox' } }
const answerOf = ({ code, stdout, stderr }: Ended): string => {
  expect([code, stderr]).toEqual([0, expect.not.stringMatching(/interpeer:/)])
  return stdout.trim()
}
/** A key that costs little to open: the usual cost is for the tests of what the program itself writes. */
function encryptedKey(passphrase: string): string {
  const data = freshData()
  saveKey(join(data, 'peer.key'), generateKey(), { passphrase, logN: 14 })
  return data
}
const keyText = (data: string) => readFileSync(join(data, 'peer.key'), 'utf8')
const refusal = (...words: readonly string[]) => ({
  code: 1,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(words.join('[\\s\\S]*'))),
})

test('a key is plain PEM unless one asks for more, and made once', async () => {
  const data = freshData()
  const peerId = answerOf(await key('create', data))
  expect(keyText(data)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  if (process.platform !== 'win32') expect(statSync(join(data, 'peer.key')).mode & 0o777).toBe(0o600)
  expect(answerOf(await key('create', data))).toBe(peerId)
  expect(JSON.parse(answerOf(await key('show', data, ['--json'])))).toEqual({ peerId, encrypted: false })
  expect(await key('show', freshData())).toEqual(refusal('KEY_FILE_MISSING', 'interpeer key create'))
})

test('a passphrase from the first line of a file encrypts the key, and the option comes before the environment', async () => {
  const file = fileWith('an old fox\r\nnot this line\n')
  const data = freshData()
  const env = { INTERPEER_PASSPHRASE: 'not this one', INTERPEER_PASSPHRASE_FILE: fileWith('nor this one') }
  const peerId = answerOf(await key('create', data, ['--passphrase-file', file], { env }))
  expect(keyText(data)).toContain('"interpeer encrypted key"')
  expect(JSON.parse(answerOf(await key('show', data, ['--json'])))).toEqual({ peerId, encrypted: true })
  expect(JSON.parse(answerOf(await key('phrase', data, ['--json'], fox)))).toMatchObject({ peerId })
  const cheap = encryptedKey('an old fox')
  expect(answerOf(await key('phrase', cheap, [], { env: { ...env, INTERPEER_PASSPHRASE_FILE: file } }))).toMatch(/^([a-z]+ ){23}/)
})

test('without the passphrase, or with another, nothing is told and what to do is said', async () => {
  const data = encryptedKey('an old fox')
  expect(await key('phrase', data)).toEqual(refusal('KEY_FILE_PASSPHRASE_NEEDED', '--passphrase-file'))
  expect(await key('phrase', data, [], { env: { INTERPEER_PASSPHRASE: 'a young fox' } })).toEqual(refusal('PASSPHRASE_WRONG', '24 words'))
  const path = join(data, 'peer.key')
  writeFileSync(path, keyText(data).replace('"logN": 14', '"logN": 15'))
  expect(await key('phrase', data, [], fox)).toEqual(refusal('PASSPHRASE_WRONG', 'altered'))
  writeFileSync(path, keyText(data).replace('"logN": 15', '"logN": 30'))
  expect(await key('phrase', data, [], fox)).toEqual(refusal('KEY_FILE_MALFORMED', 'peer.key'))
})

test('no option takes the passphrase itself, and an empty one is refused, not taken for none', async () => {
  const data = freshData()
  expect((await key('create', data, ['--passphrase', 'an old fox'])).stderr).toContain("unknown option '--passphrase'")
  expect(await key('create', data, [], { env: { INTERPEER_PASSPHRASE: '' } })).toEqual(refusal('PASSPHRASE_UNUSABLE'))
  expect(await key('create', data, ['--passphrase-file', join(root, 'nowhere')])).toEqual(refusal('nowhere', 'Check the path'))
  expect(await key('create', data, ['--passphrase-file', fileWith('x'.repeat(5000))])).toEqual(refusal('SECRET_TOO_LONG', 'too long'))
  expect(await key('create', data, ['--encrypt'])).toEqual(refusal('no terminal'))
  expect(existsSync(join(data, 'peer.key'))).toBe(false)
})

test('a plain key is not passed off as encrypted', async () => {
  const data = freshData()
  await key('create', data)
  for (const [args, surroundings] of [
    [['--encrypt'], {}],
    [[], fox],
  ] as const) {
    expect(await key('create', data, args, surroundings)).toEqual(refusal('is not encrypted', 'interpeer key encrypt'))
  }
})

test('encrypt sets a passphrase and changes it', async () => {
  const plain = freshData()
  const plainId = answerOf(await key('create', plain))
  expect(answerOf(await key('encrypt', plain, [], fox))).toBe(plainId)
  expect(JSON.parse(answerOf(await key('show', plain, ['--json'])))).toEqual({ peerId: plainId, encrypted: true })

  const data = encryptedKey('an old fox')
  const peerId = answerOf(await key('show', data))
  const hare = fileWith('a hare\n')
  const before = keyText(data)
  expect(await key('encrypt', data, ['--new-passphrase-file', hare])).toEqual(refusal('KEY_FILE_PASSPHRASE_NEEDED'))
  expect(await key('encrypt', data, ['--new-passphrase-file', hare, '--passphrase-file', hare])).toEqual(refusal('PASSPHRASE_WRONG'))
  expect(keyText(data)).toBe(before)
  expect(answerOf(await key('encrypt', data, ['--new-passphrase-file', hare], fox))).toBe(peerId)
  expect(answerOf(await key('phrase', data, ['--passphrase-file', hare]))).toMatch(/^([a-z]+ ){23}[a-z]+$/)
})

test('24 words bring the key back, from stdin or a file, plain or encrypted, and never over another', async () => {
  const [data, piped, filed] = [freshData(), freshData(), freshData()]
  const peerId = answerOf(await key('create', data))
  const told = await key('phrase', data)
  const phrase = answerOf(told)
  expect(told.stderr).toContain('paper')
  expect(answerOf(await key('restore', piped, [], { stdin: phrase }))).toBe(peerId)
  expect(keyText(piped)).toBe(keyText(data))
  const words = fileWith(phrase.toUpperCase().replaceAll(' ', '\n'))
  expect(answerOf(await key('restore', filed, ['--phrase-file', words], fox))).toBe(peerId)
  expect(JSON.parse(answerOf(await key('show', filed, ['--json'])))).toEqual({ peerId, encrypted: true })
  expect(await key('restore', piped, [], { stdin: phrase })).toEqual(refusal('KEY_FILE_EXISTS', 'never overwritten'))
})

test('words that are wrong are told by place, and make no key', async () => {
  const data = freshData()
  const restore = (stdin: string) => key('restore', data, [], { stdin })
  const words = [...Array<string>(23).fill('abandon'), 'art']
  expect(await restore(words.slice(1).join(' '))).toEqual(refusal('PHRASE_LENGTH', '24 words'))
  expect(await restore(words.with(6, 'interpeer').join(' '))).toEqual(refusal('PHRASE_WORD_UNKNOWN', 'Word 7'))
  expect(await restore(words.with(6, 'zoo').join(' '))).toEqual(refusal('PHRASE_CHECKSUM', 'exchanged'))
  expect(await restore('')).toEqual(refusal('PHRASE_LENGTH'))
  expect(await restore('abandon '.repeat(1000))).toEqual(refusal('too much'))
  expect(existsSync(join(data, 'peer.key'))).toBe(false)
})

const SCRIPT = '/usr/bin/script' // gives a program a terminal
const hasTerminal = process.platform === 'linux' && existsSync(SCRIPT)
/** Runs a verb at a terminal and types the next answer at each `: `. What the terminal showed comes back. */
function atTerminal(verb: string, data: string, args: string, ...answers: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, NODE: process.execPath, INTERPEER, DATA: data }
  const child = spawn(SCRIPT, ['-qec', `"$NODE" "$INTERPEER" key ${verb} --data "$DATA" ${args}`, '/dev/null'], { env })
  return new Promise((resolve, reject) => {
    let [shown, asked] = ['', 0]
    child.stdout.on('data', (chunk) => {
      shown += chunk
      const questions = shown.split(/: /).length - 1
      for (; asked < Math.min(questions, answers.length); asked++) child.stdin.write(`${answers[asked]}\n`)
    })
    child.on('error', reject).on('close', () => resolve(shown))
  })
}

test.runIf(hasTerminal)('at a terminal it asks, twice for a new one, and shows nothing of it', async () => {
  const data = freshData()
  const differing = await atTerminal('create', data, '--encrypt', 'oldfox', 'youngfox')
  expect(differing).toMatch(/^New passphrase: \s+Once more: \s+interpeer: the two passphrases differ/)
  expect(existsSync(join(data, 'peer.key'))).toBe(false)
  const created = await atTerminal('create', data, '--encrypt', 'oldfox', 'oldfox')
  expect(created).toMatch(/^New passphrase: \s+Once more: \s+z6Mk\w+\s+$/)
  const cheap = encryptedKey('oldfox')
  const phrase = await atTerminal('phrase', cheap, '', 'oldfox')
  expect(phrase).toMatch(/^Passphrase of [^\n]*peer\.key: \s+Whoever [^\n]+\n([a-z]+ ){23}[a-z]+\s+$/)
  expect(await atTerminal('phrase', cheap, '', '\x03')).toMatch(/nothing was typed/)
  const words = phrase.trim().split('\n').at(-1) ?? ''
  expect(await atTerminal('restore', data, '', words)).toMatch(/^interpeer: KEY_FILE_EXISTS/) // before it asks
  const restored = await atTerminal('restore', freshData(), '', words)
  expect(restored).toMatch(/The 24 words: [\s\S]+The 24 words: …\s+z6Mk\w+\s+$/)
  expect(restored).toContain('\x1b[0JThe 24 words: …') // what was typed is off the screen
})

test('a peer starts with an encrypted key, and not without its passphrase', async () => {
  const [data, genesis] = [encryptedKey('an old fox'), join(root, 'genesis.json')]
  const peerId = answerOf(await key('show', data))
  answerOf(await interpeer(['network', 'create', '--out', genesis, '--peer', peerId]))
  const args = ['peer', 'start', '--data', data, '--genesis', genesis]
  expect(await interpeer(args)).toEqual(refusal('KEY_FILE_PASSPHRASE_NEEDED', '--passphrase-file'))
  const child = spawn(process.execPath, [INTERPEER, ...args, '--passphrase-file', fileWith('an old fox')], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk)))
    ended.then((code) => reject(new Error(`ended with ${code}`)))
  })
  expect(JSON.parse(line)).toMatchObject({ ready: { peerId } })
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('what this program starts does not inherit the passphrase', () => {
  process.env.INTERPEER_PASSPHRASE = 'an old fox'
  expect(givenPassphrase({})).toBe('an old fox')
  expect([process.env.INTERPEER_PASSPHRASE, givenPassphrase({})]).toEqual([undefined, undefined])
})
