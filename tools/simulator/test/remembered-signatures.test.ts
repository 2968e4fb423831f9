import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const simulator = new URL('../', import.meta.url).href
const cryptoIds = new URL('../../../packages/crypto-ids/dist/index.js', import.meta.url).href
const script = (hooks: boolean) => `
  ${hooks ? `await import(${JSON.stringify(`${simulator}hooks.mjs`)})` : ''}
  const { createSigner, verifySignature } = await import(${JSON.stringify(cryptoIds)})
  const [signer, other] = [createSigner(new Uint8Array(32).fill(1)), createSigner(new Uint8Array(32).fill(2))]
  const [text, changed] = [new Uint8Array(90).fill(7), new Uint8Array(90).fill(7)]
  changed[89] = 8
  const signature = signer.sign(text)
  const bent = Uint8Array.from(signature)
  bent[40] ^= 1
  const later = signer.sign(changed)
  changed[89] = 7 // the caller's own, after it was signed
  console.log(JSON.stringify([
    Buffer.from(signature).toString('hex'),
    verifySignature(signature, text, signer.publicKey),
    verifySignature(signature, text.slice(), signer.publicKey),
    verifySignature(signature, text, other.publicKey),
    verifySignature(signature, text.subarray(1), signer.publicKey),
    verifySignature(bent, text, signer.publicKey),
    verifySignature(later, changed, signer.publicKey),
  ]))`
const run = (hooks: boolean) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script(hooks)], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../', import.meta.url)),
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as unknown[]
}

test('signatures in a simulation are those that peers make, and hold where theirs hold', () => {
  const [bytes, ...held] = run(false)
  expect(held).toEqual([true, true, false, false, false, false])
  expect(run(true)).toEqual([bytes, ...held])
})
