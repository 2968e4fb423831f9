import { ContentStoreError } from '@interpeer/content-store'
import { afterEach, expect, test, vi } from 'vitest'
import { JurorFetches } from '../src/node/juror-fetches.js'

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0)) step()
})
/** Fetches that fail with these codes, one after another, the last again and again. */
function fetching(...codes: readonly string[]) {
  const [counted, failed]: [string[], unknown[]] = [[], []]
  const stop = new AbortController()
  undo.push(() => stop.abort())
  const fetches = new JurorFetches({
    count: (code) => void counted.push(code),
    onFailed: (error) => void failed.push(error),
    signal: stop.signal,
  })
  let tries = 0
  const fetch = () => Promise.reject(new ContentStoreError({ code: codes[Math.min(tries++, codes.length - 1)] } as never))
  return { fetches, counted, failed, fetch, tries: () => tries }
}

test.each(['STORE_FULL', 'FETCH_TOO_LARGE', 'FETCH_CROWDED', 'FETCH_FAILED'])(
  'what a juror gets for others costs it no word, and is tried once: %s',
  async (code) => {
    const { fetches, counted, failed, fetch, tries } = fetching(code)
    fetches.once('a block', fetch, true)
    await vi.waitFor(() => expect(counted).toEqual([code]))
    expect([failed, fetches.isCrowded, tries()]).toEqual([[], false, 1])
  },
)
test('what it is to judge it is told of', async () => {
  const { fetches, failed, fetch } = fetching('STORE_FULL')
  fetches.once('a block', fetch)
  await vi.waitFor(() => expect(failed).toHaveLength(1))
})
test('and while this peer fetches too much else that waits, and says so', async () => {
  const { fetches, failed, fetch, tries } = fetching('FETCH_CROWDED', 'FETCH_CROWDED', 'FETCH_FAILED')
  fetches.once('a block', fetch)
  await vi.waitFor(() => expect(fetches.isCrowded).toBe(true))
  expect(failed).toEqual([])
  await vi.waitFor(() => expect(failed).toHaveLength(1), { timeout: 30_000 })
  expect([fetches.isCrowded, tries()]).toEqual([false, 3])
})
test('each thing once at a time', async () => {
  const { fetches } = fetching('FETCH_FAILED')
  const begun: string[] = []
  let end = (): void => {}
  const fetch = (name: string) => () => {
    begun.push(name)
    return new Promise<void>((resolve) => {
      end = resolve
    })
  }
  for (const name of ['a', 'a', 'b']) fetches.once(name, fetch(name))
  expect(begun).toEqual(['a', 'b'])
  end()
  await vi.waitFor(() => {
    fetches.once('b', fetch('b'))
    expect(begun).toEqual(['a', 'b', 'b'])
  })
})
