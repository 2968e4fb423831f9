import { readFileSync } from 'node:fs'
import * as cryptoIds from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import * as overlay from '../src/node/index.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example of the README runs', async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const body = code.replace(/^import (\{[^}]*\}) from '([^']*)'$/gm, (_, names, from) => `const ${names} = modules['${from}']`)
  const lines: string[] = []
  const run = new Function('modules', 'console', `return (async () => {${body}})()`)
  const modules = { '@interpeer/crypto-ids': cryptoIds, '@interpeer/overlay/node': overlay }
  await run(modules, { log: (...words: unknown[]) => lines.push(words.join(' ')) })
  expect(lines.sort()).toEqual(['2000', 'true 100'])
})

test('the README names every error code and every counter', () => {
  const sources = ['errors', 'core', 'link', 'session', 'reception', 'bulk', 'dial', 'node/overlay-shell'].map((name) =>
    readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8'),
  )
  const codes = sources.flatMap((text) => [...text.matchAll(/(?:count\(|code: |^ {4}|\? )'?([A-Z]+_[A-Z_]+)\b/gm)].map(([, code]) => code))
  expect(codes.length).toBeGreaterThan(40)
  for (const code of new Set(codes)) expect(readme).toContain(`\`${code}\``)
})
