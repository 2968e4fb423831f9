import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as codec from '../src/index.js'

test('the example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const body = code.replace(/^import \{([^}]*)\} from .*$/m, 'const {$1} = codec').replace(/^decodeWith/m, 'return decodeWith')
  expect(new Function('codec', body)(codec)).toEqual({ title: 'Home', editedAtMs: 1700000000000, tags: ['start'] })
})
