import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryBlockStore } from '@interpeer/content-store'
import { createSigner, networkIdOf } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { publishSite, takenOverMs } from '../src/node/publish.js'

test('a group has longer to take a large site over: 54 MiB of WordPress, which five members fetch, six minutes rather than two', () => {
  expect(takenOverMs(0)).toBe(120_000)
  expect(takenOverMs(54 * 2 ** 20)).toBe(390_000)
})

test('a publication goes on while the clock is set forward', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-publish-'))
  writeFileSync(join(folder, 'index.html'), 'a site')
  const jobs = Object.assign(new Map(), { has: () => true, get: () => ({ state: 'running' }) })
  let [looks, nowMs] = [0, 1_700_000_000_000]
  const chain = {
    get tip() {
      nowMs += 3_600_000
      return { height: looks++ < 3 ? 0 : 1, state: { jobs } }
    },
    submit: () => {},
  }
  const at = {
    ...{ signer: createSigner(new Uint8Array(32).fill(1)), network: networkIdOf(new Uint8Array([1])), store: memoryBlockStore() },
    ...{ chain, holdBlocks: () => () => {}, now: () => nowMs, signal: new AbortController().signal },
    lookAt: async () => ({ certificate: new Uint8Array() }),
  }
  const publication = { folder, name: 'log', groupSize: 1, escrow: 1n, runtimeId: 'counter', progress: () => {} }
  expect(await publishSite(publication, at as never)).toMatchObject({ name: 'log' })
  rmSync(folder, { recursive: true })
})
