import { expect, test } from 'vitest'
import { measureSync } from '../chain/sync.ts'

test('a newcomer in a process of its own starts from two sources: by proofs, and with the whole state', async () => {
  const said: string[] = []
  const figures = await measureSync((line) => void said.push(line), new AbortController().signal, { accounts: 5_000, peers: 3_000 })
  const of = (id: string) => figures.find((figure) => figure.id === id)?.ours ?? 0
  const stateMb = Number(said.find((line) => line.startsWith('a state of'))?.match(/[\d.]+/)?.[0])
  // the whole state goes over the wire once, and not twice; proofs are less than what they are of
  expect(of('chain/sync-bytes')).toBeGreaterThan(stateMb)
  expect(figures.map(({ id, unit }) => `${id} ${unit}`)).toEqual([
    ...['chain/sync ms', 'chain/sync-cpu ms', 'chain/sync-bytes MB'],
    ...['chain/sync-proofs ms', 'chain/sync-proofs-cpu ms', 'chain/sync-proofs-bytes MB'],
  ])
  expect(figures.every(({ ours }) => ours > 0)).toBe(true)
})
