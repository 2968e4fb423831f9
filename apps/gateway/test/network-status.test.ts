import type { Peer } from '@interpeer/peer/node'
import { afterEach, expect, test, vi } from 'vitest'
import { watchSites } from '../src/network-status.js'

afterEach(() => void vi.useRealTimers())

test('a site is looked at again only when the last look has ended, well or not', async () => {
  vi.useFakeTimers()
  const ends: ((isWell: boolean) => void)[] = []
  const looks: string[] = []
  const lookAt = (name: string) => {
    looks.push(name)
    if (name === 'quick') return Promise.resolve()
    return new Promise<void>((resolve, reject) => ends.push((isWell) => (isWell ? resolve() : reject(new Error('nobody answered')))))
  }
  const jobs = ['quick', 'slow', 'gone'].map((name) => [name, { manifest: { name }, state: name === 'gone' ? 'ended' : 'running' }])
  const chain = () => ({ state: { jobs: new Map(jobs as never) } })
  const stop = watchSites({ peer: { chain, lookAt } as unknown as Pick<Peer, 'chain' | 'lookAt'> }, 1_000)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(looks.filter((name) => name === 'slow')).toHaveLength(1)
  for (const isWell of [false, true]) {
    ends.shift()?.(isWell)
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect([looks.filter((name) => name === 'slow').length, looks.filter((name) => name === 'quick').length]).toEqual([3, 5])
  expect(looks).not.toContain('gone')
  stop()
})
