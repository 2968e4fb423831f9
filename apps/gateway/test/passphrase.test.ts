import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateKey, saveKey } from '@interpeer/crypto-ids/node'
import { afterAll, expect, test } from 'vitest'

const GATEWAY = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'interpeer-gateway-'))
afterAll(() => rmSync(data, { recursive: true }))
saveKey(join(data, 'peer.key'), generateKey(), { passphrase: 'an old fox', logN: 14 })
const passphraseFile = join(data, 'passphrase')
writeFileSync(passphraseFile, 'an old fox\n')

/** Ends at the genesis, which is not there, where the key could be read. */
function started(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const all = [GATEWAY, '--data', data, '--genesis', join(data, 'nowhere.json'), ...args]
  return spawnSync(process.execPath, all, { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' }).stderr
}

test.each([
  ['none', [], {}, /KEY_FILE_PASSPHRASE_NEEDED/],
  ['another', [], { INTERPEER_PASSPHRASE: 'a young fox' }, /PASSPHRASE_WRONG/],
  ['the right one, from the environment', [], { INTERPEER_PASSPHRASE: 'an old fox' }, /ENOENT.*nowhere\.json/],
  ['the right one, from a file', ['--passphrase-file', passphraseFile], {}, /ENOENT.*nowhere\.json/],
] as const)('a gateway with an encrypted key and a passphrase: %s', (_, args, env, told) => {
  expect(started(args, env)).toMatch(told)
})
