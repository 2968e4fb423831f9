import { expect, test } from 'vitest'
import { jsonLine, latencyFigures, percentile, table } from '../figures.ts'

test('percentiles are samples, by nearest rank', () => {
  expect(percentile([5, 1, 4, 2, 3], 50)).toBe(3)
  expect(percentile([1, 2, 3, 4], 50)).toBe(2)
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  expect(percentile(hundred, 99)).toBe(99)
  expect(percentile([7], 99)).toBe(7)
  expect(() => percentile([], 50)).toThrow(RangeError)
})

test('a figure is one JSON object a line, and above 1 is better', () => {
  const [read, p99] = latencyFigures('e2e/read', [10, 10, 40], [20, 20, 30], 'php -S').map((figure) => JSON.parse(jsonLine(figure)))
  expect(read).toEqual({ id: 'e2e/read', ours: 10, peer: 20, peerName: 'php -S', unit: 'ms', ratio: 2 })
  expect(p99).toEqual({ id: 'e2e/read-p99', ours: 40, peer: 30, peerName: 'php -S', unit: 'ms', ratio: 0.75 })
})

test('more in a second is better', () => {
  const figure = { id: 'group/5/writes', ours: 1_500, peer: 1_200, peerName: 'another', unit: '/s' } as const
  expect(JSON.parse(jsonLine(figure)).ratio).toBe(1.25)
})

test('where nothing is compared, the other side is null', () => {
  const [read, p99] = latencyFigures('e2e/read', [1.23456], null, 'php -S')
  if (read === undefined || p99 === undefined) throw new Error('two figures')
  expect(JSON.parse(jsonLine(read))).toEqual({ id: 'e2e/read', ours: 1.235, peer: null, peerName: null, unit: 'ms', ratio: null })
  expect(table([read, p99]).split('\n')).toHaveLength(3)
})
