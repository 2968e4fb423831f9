import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as contentStore from '../src/index.js'

test('the example of the README about maps runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /## Maps\n\n```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed: unknown[] = []
  const body = code.replace(/^import (\{[^}]*\}) from ('.*')$/m, 'const $1 = contentStore')
  new Function('contentStore', 'console', body)(contentStore, { log: (...words: unknown[]) => printed.push(...words) })
  expect(printed).toEqual([3n, undefined, new TextEncoder().encode('bob'), 1])
})
