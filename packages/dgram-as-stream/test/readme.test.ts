import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as dgram from '../src/index.js'

test('the example of the README runs', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const body = code.replace(/^import (\{[^}]*\}) from .*$/m, 'const $1 = dgram')
  const lines: string[] = []
  const run = new Function('dgram', 'console', `return (async () => {${body}})()`)
  await run(dgram, { log: (...words: unknown[]) => lines.push(words.join(' ')) })
  expect(lines).toEqual(['3 bytes', '1000 bytes in order'])
})
