import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the example of the README runs and prints what it says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const printed: string[] = []
  const source = example
    .replaceAll(/import \{([^}]*)\} from '([^']*)'/g, "const {$1} = await import('$2')")
    .replaceAll("import('@interpeer/peer-group')", 'import_("peer-group")')
    .replaceAll(/import\('([^']*)'\)/g, 'import_("$1")')
  const modules: Record<string, () => Promise<unknown>> = {
    'peer-group': () => import('../src/index.js'),
    '@interpeer/crypto-ids': () => import('@interpeer/crypto-ids'),
    '@interpeer/wire-codec': () => import('@interpeer/wire-codec'),
  }
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  await new AsyncFunction('import_', 'console', source)((name: string) => modules[name]?.(), {
    log: (line: string) => printed.push(String(line)),
  })
  expect(printed).toEqual([...example.matchAll(/console\.log\(.*\) \/\/ (.*)/g)].map(([, line]) => line))
  expect(printed.length).toBeGreaterThan(0)
})
