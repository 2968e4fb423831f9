import { readFileSync } from 'node:fs'
import * as cryptoIds from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import * as chain from '../src/index.js'

test('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed: unknown[][] = []
  const modules = { '@interpeer/crypto-ids': cryptoIds, '@interpeer/vote-chain': chain }
  const body = code.replace(/^import (\{[^}]*\}) from ('.*')$/gm, 'const $1 = modules[$2]')
  new Function('modules', 'console', body)(modules, { log: (...words: unknown[]) => printed.push(words) })
  expect(printed).toEqual([[1, 1]])
})
