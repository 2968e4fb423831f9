import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { PeerFailure } from '../src/errors.js'
import type { NetworkFailure } from '../src/network/errors.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example of the README runs', async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const names = [...code.matchAll(/from '([^']*)'$/gm)].map(([, name]) => name as string)
  const load = (name: string) => import(name === '@interpeer/peer/node' ? '../src/node/index.js' : name)
  const modules = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)])))
  const body = code.replace(/^import (\{[^}]*\}) from '([^']*)'$/gm, (_, taken, from) => `const ${taken} = modules['${from}']`)
  const lines: string[] = []
  const run = new Function('modules', 'console', `return (async () => {${body}})()`)
  await run(modules, { log: (...words: unknown[]) => lines.push(words.map(String).join(' ')) })
  expect(lines).toEqual(['200 Hello, peers true'])
})

test('the README names every error code', () => {
  const codesOf = (path: string) =>
    [...readFileSync(new URL(path, import.meta.url), 'utf8').matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code]) => code)
  const codes = [...codesOf('../src/errors.ts'), ...codesOf('../src/network/errors.ts')] as (PeerFailure | NetworkFailure)['code'][]
  expect(codes.length).toBeGreaterThan(12)
  for (const code of codes) expect(readme).toContain(`\`${code}\``)
})
