import { expect, test } from 'vitest'
import { takenOverMs } from '../src/node/publish.js'

test('a group has longer to take a large site over: 54 MiB of WordPress, which five members fetch, six minutes rather than two', () => {
  expect(takenOverMs(0)).toBe(120_000)
  expect(takenOverMs(54 * 2 ** 20)).toBe(390_000)
})
