import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { hexOf } from '@interpeer/wire-codec'
import { build, type Plugin } from 'esbuild'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import * as cryptoIds from '../src/index.js'
import vrf from '../vectors/vrf.json' with { type: 'json' }
import { dice } from './backends.js'
import type { Outcomes } from './browser/page.js'
import { answersTo, type Questions } from './browser/questions.js'
import { hostileSignatures } from './hostile-signatures.js'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
const installed = existsSync(CHROMIUM)
const missing = `${CHROMIUM} is not there (Debian: apt-get install chromium, or set CHROMIUM)`
if (!installed && process.env.CI) throw new Error(missing)
if (!installed) console.warn(`the browser test is skipped: ${missing}`)

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
/** The page is typed against the sources and runs what is published. */
const published: Plugin = {
  name: 'published',
  setup({ onResolve }) {
    onResolve({ filter: /\/src\/index\.js$/ }, () => ({ path: here('../dist/index.js') }))
    onResolve({ filter: /\/src\/onion\/secp256k1\.js$/ }, () => ({ path: here('../dist/onion/secp256k1.js') }))
  },
}

async function bundle(): Promise<{ code: string; inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [here('browser/page.ts')],
    bundle: true,
    format: 'iife',
    platform: 'browser', // a bundler's usual conditions; "node" is none of them
    write: false,
    metafile: true,
    tsconfigRaw: '{}', // else its "paths" would choose the backend
    plugins: [published],
  })
  return { code: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) }
}

function questions(): Questions {
  const random = dice('questions for a browser')
  return {
    signatures: hostileSignatures(800).map(({ signature, message, publicKey }) => ({
      signature: hexOf(signature),
      message: hexOf(message),
      publicKey: hexOf(publicKey),
    })),
    secrets: Array.from({ length: 5 }, () => hexOf(random(32))),
    texts: [0, 1, 31, 32, 55, 56, 64, 119, 1000, 8192].map((size) => hexOf(random(size))),
  }
}

function serve(files: Readonly<Record<string, readonly [type: string, content: string]>>): Promise<Server> {
  const server = createServer((request, response) => {
    const [type, content] = files[request.url ?? ''] ?? ['text/plain', '']
    // no eval and nothing from elsewhere: what a careful site allows
    response.writeHead(content === '' ? 404 : 200, {
      'content-type': type,
      'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'",
    })
    response.end(content)
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

test.runIf(installed)('every vector has its stated result in Chromium, and what Node answers the browser answers too', async () => {
  const { code, inputs } = await bundle()
  expect(inputs.filter((path) => path.includes('backend'))).toEqual([expect.stringContaining('dist/noble-backend.js')])
  const asked = questions()
  const server = await serve({
    '/': ['text/html', '<!doctype html><title>crypto-ids</title><script src="/page.js"></script>'],
    '/page.js': ['text/javascript', code],
    '/questions.json': ['application/json', JSON.stringify({ questions: asked, answers: answersTo(asked, cryptoIds) })],
  })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' '), timeout: 120_000 })
  try {
    const page = await browser.newPage()
    const failures: string[] = []
    page.on('pageerror', (error) => failures.push(String(error)))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const outcomes = await page.evaluate(() => (globalThis as unknown as { outcomes: Promise<Outcomes> }).outcomes)
    expect(failures).toEqual([])
    for (const [subject, { wrong }] of Object.entries(outcomes)) expect([subject, wrong]).toEqual([subject, []])
    expect(Object.fromEntries(Object.entries(outcomes).map(([subject, { cases }]) => [subject, cases]))).toMatchObject({
      speccheck: 12,
      'wycheproof ed25519': 151,
      'wycheproof hkdf': 86,
      'rfc 9381': 9,
      'vrf proofs': vrf.cases.length,
      'vrf proofs made': vrf.cases.filter((one) => one.expect === 'ok').length,
      seals: vrf.seals.length,
      'bolt 04': 5,
      'recovery phrases': 8,
      'as node: hostile signatures': 800,
      'as node: signers': 5,
      'as node: seals': 10,
    })
    for (const subject of [
      'wycheproof chacha20-poly1305',
      'ids',
      'envelopes',
      'onion cells made',
      'onion cells peeled',
      'encrypted keys',
    ]) {
      expect([subject, outcomes[subject]?.cases]).toEqual([subject, expect.toSatisfy((cases) => cases > 10)])
    }
  } finally {
    await browser.close()
    server.close()
  }
})
