import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import * as node from '@interpeer/php-runtime-bridge/node'
import { expect, test } from 'vitest'

test('the example of the README runs', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed: unknown[][] = []
  const body = stripTypeScriptTypes(code).replace(/^import (\{[^}]*\}) from '.*'$/gm, 'const $1 = node')
  const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor
  await new AsyncFunction('node', 'console', body)(node, { log: (...words: unknown[]) => printed.push(words) })
  expect(printed).toEqual([[200, expect.stringMatching(/^Hello, Ada! 2027-01-15T08:00:00\+00:00 [1-6]$/)]])
})
