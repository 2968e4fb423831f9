import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as contentStore from '../src/index.js'
import * as node from '../src/node/index.js'

test('the example of the README runs', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'content-store-'))
  const modules = {
    '@interpeer/content-store': contentStore,
    '@interpeer/content-store/node': node,
    'node:fs': { mkdtempSync: () => folder },
  }
  const printed: unknown[] = []
  const body = code.replace(/^import (\{[^}]*\}) from ('.*')$/gm, 'const $1 = modules[$2]')
  const run = new Function('modules', 'console', `return (async () => { ${body} })()`)
  await run(modules, { log: (...words: unknown[]) => printed.push(...words) })
  rmSync(folder, { recursive: true })
  expect(printed).toEqual(['Hello'])
})
