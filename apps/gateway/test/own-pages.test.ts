import type { Peer } from '@interpeer/peer/node'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ownPages } from '../src/own-pages.js'

const jobs = ['log', 'gone'].map((name) => [name, { manifest: { name }, state: name === 'gone' ? 'ended' : 'running' }] as const)
const peer = { chain: () => ({ state: { jobs: new Map(jobs) } }) } as unknown as Peer
const pages = ownPages({ peer, hostName: 'localhost', port: 8080, log: pino({ level: 'silent' }) })

test.each([
  ['/log', '/'],
  ['/log/', '/'],
  ['/log/a/b?c=%2F&d', '/a/b?c=%2F&d'],
  ['/%6cog/a', '/a'],
  ['/l%6F%67', '/'],
  ['/%6Cog?q=/x', '/?q=/x'],
  ['/log//a', '//a'],
  ['/log/a%20b', '/a%20b'],
])('%s leads to %s of the site’s own origin', async (path, rest) => {
  for (const method of ['GET', 'POST']) {
    const { status, headers } = await pages.request(`http://localhost:8080${path}`, { method })
    expect([status, headers.get('location')]).toEqual([307, `http://log.localhost:8080${rest}`])
  }
})

test('a site that is not there, or no more, leads nowhere', async () => {
  for (const path of ['/other/', '/gone/', '/%6Cogg/']) {
    const { status, headers } = await pages.request(path)
    expect([status, headers.get('interpeer-error')]).toEqual([404, 'SITE_UNKNOWN'])
  }
})
