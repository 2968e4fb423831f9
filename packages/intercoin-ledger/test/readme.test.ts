import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as ledger from '../src/index.js'

test('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed: unknown[][] = []
  const body = code.replace(/^import (\{[^}]*\}) from .*$/m, 'const $1 = ledger')
  new Function('ledger', 'console', body)(ledger, { log: (...words: unknown[]) => printed.push(words) })
  expect(printed).toEqual([[250n, 1000n]])
})
