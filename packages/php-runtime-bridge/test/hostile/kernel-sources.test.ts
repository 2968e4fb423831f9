import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const source = new URL('../../src/', import.meta.url)
const below = (folder: string) =>
  readdirSync(new URL(folder, source))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => folder + name)
const inNode = [
  'kernel',
  'descriptors',
  'execute',
  'execution-log',
  'guest-memory',
  'halt',
  'output',
  'php-instance',
  'sapi',
  'seeded-random',
]
const kernel = [...below('node/syscalls/'), ...inNode.map((name) => `node/${name}.ts`)]

test('what runs below PHP has nothing of the host at hand but hashes and ciphers', () => {
  const found = kernel.flatMap((path) => {
    const text = readFileSync(new URL(path, source), 'utf8')
    const modules = [...text.matchAll(/from '(node:[^']+)'/g)].map(([, name]) => name)
    const globals = [
      ...text.matchAll(
        /\b(?:process\.(?!js\b)\w+|globalThis|Date\.now|new Date|Math\.random|performance\.|fetch\(|require\(|import\(|eval\()/g,
      ),
    ]
    return [...modules.filter((name) => name !== 'node:crypto'), ...globals.map(([word]) => word)].map((word) => `${path}: ${word}`)
  })
  expect(kernel.length).toBeGreaterThan(15)
  expect(found).toEqual([])
})
