import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { readSecretFile, takePassphrase } from '../src/node/passphrase.js'

const root = mkdtempSync(join(tmpdir(), 'interpeer-secret-'))
afterAll(() => rmSync(root, { recursive: true }))
const variable = 'INTERPEER_TEST_PASSPHRASE'
beforeEach(() => void delete process.env[variable])
const fileWith = (text: string) => {
  const path = join(root, 'secret')
  writeFileSync(path, text)
  return path
}

test.each([
  ['an old fox\nmore', 'an old fox'],
  ['an old fox\r\n', 'an old fox'],
  ['  spaces count ', '  spaces count '],
  ['m\u00f6we\n', 'm\u00f6we'],
  ['', ''],
])('of %j the first line counts', (text, passphrase) => expect(takePassphrase({ file: fileWith(text), variable })).toBe(passphrase))

test('the file comes before the variable, and the variable is gone either way', () => {
  for (const [file, expected] of [
    [fileWith('from the file'), 'from the file'],
    [undefined, 'from the variable'],
  ]) {
    process.env[variable] = 'from the variable'
    expect(takePassphrase({ file, variable })).toBe(expected)
    expect(process.env[variable]).toBeUndefined()
  }
  expect(takePassphrase({ variable })).toBeUndefined()
  process.env[variable] = ''
  expect(takePassphrase({ variable })).toBe('') // set to nothing is not the same as not set: it will be refused
})

test('4,096 bytes are read, more are not, and neither are files that are not there', () => {
  expect(readSecretFile(fileWith('x'.repeat(4096)))).toHaveLength(4096)
  expect(() => readSecretFile(fileWith('x'.repeat(4097)))).toThrow(
    expect.objectContaining({ failure: { code: 'SECRET_TOO_LONG', bytesMax: 4096 } }),
  )
  expect(() => readSecretFile(join(root, 'nowhere'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})

test.runIf(process.platform === 'linux')('a pipe is read to its end, and an endless one is not', () => {
  const module = new URL('../dist/node/index.js', import.meta.url).href
  const read = `import { readSecretFile } from ${JSON.stringify(module)}
    try { console.log(readSecretFile('/dev/fd/3')) } catch (error) { console.log(error.code) }`
  const through = (writer: string) =>
    execFileSync('bash', ['-c', `"$0" --input-type=module -e "$1" 3< <(${writer})`, process.execPath, read], { encoding: 'utf8' })
  expect(through('printf "an old"; sleep 0.2; echo " fox"')).toBe('an old fox\n\n')
  expect(through('yes')).toBe('SECRET_TOO_LONG\n')
})
