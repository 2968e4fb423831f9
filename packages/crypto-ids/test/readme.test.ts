import { readFileSync } from 'node:fs'
import * as codec from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import * as cryptoIds from '../src/index.js'
import * as node from '../src/node/index.js'

test('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const modules = { '@interpeer/wire-codec': codec, '@interpeer/crypto-ids': cryptoIds, '@interpeer/crypto-ids/node': node }
  const printed: unknown[] = []
  const body = code.replace(/^import (\{[^}]*\}) from ('.*')$/gm, 'const $1 = modules[$2]')
  new Function('modules', 'console', body)(modules, { log: (...words: unknown[]) => printed.push(...words) })
  expect(printed).toEqual([expect.stringMatching(/^z6Mk/), 'hello'])
})
