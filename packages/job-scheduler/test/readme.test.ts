import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as scheduler from '../src/index.js'

test('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed: unknown[] = []
  const body = code.replace(/^import (\{[^}]*\}) from .*$/m, 'const $1 = scheduler')
  new Function('scheduler', 'console', body)(scheduler, { log: (word: unknown) => printed.push(word) })
  expect(printed).toEqual([true, { change: 3, seat: 3, atMs: 1_080_000 }])
})
