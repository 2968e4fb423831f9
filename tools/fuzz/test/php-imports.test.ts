import { expect, test } from 'vitest'
import { readPhp } from '../../../packages/php-runtime-bridge/src/node/builds.js'
import { wasm } from '../../../packages/php-runtime-bridge/src/node/wasm-api.js'
import { phpVersions } from '../../../packages/php-runtime-bridge/src/php-version.js'
import { importingModule, phpImports } from '../targets/php-imports.ts'

const key = (module: string, name: string, type: string) => `${module}.${name} ${type}`

test.each(phpVersions)('the kernel of PHP %s is fuzzed by every import that the binary has, with its types', async (version) => {
  const bytes = await readPhp(version)
  const table = phpImports.map(({ module, name, parameters, result }) => key(module, name, `${parameters}:${result}`))
  expect(table.sort()).toEqual(importsIn(bytes).sort())
})
test('the module that only imports is one', async () => {
  const module = await wasm.compile(importingModule(phpImports))
  expect(wasm.Module.imports(module).map(({ name }) => name)).toEqual(phpImports.map(({ name }) => name))
})

/** Reads the sections of types and imports: the engine's own interface tells no types. */
function importsIn(bytes: Uint8Array): string[] {
  const letters: Readonly<Record<number, string>> = { 127: 'i', 126: 'I', 125: 'f', 124: 'd' }
  let at = 8
  const byte = () => bytes[at++] as number
  const number = (): number => {
    const part = byte()
    return part < 0x80 ? part : (part & 0x7f) + 128 * number()
  }
  const list = <T>(item: () => T): T[] => Array.from({ length: number() }, item)
  const name = () => Buffer.from(list(byte)).toString()
  let types: string[] = []
  for (;;) {
    const [id, length] = [byte(), number()]
    if (id === 1) {
      types = list(() => {
        at++
        const values = () => list(() => letters[byte()] as string).join('')
        return `${values()}:${values()}`
      })
    } else if (id === 2) {
      return list(() => {
        const [module, field] = [name(), name()]
        at++
        return key(module, field, types[number()] as string)
      })
    } else at += length
  }
}
