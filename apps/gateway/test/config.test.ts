import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { readConfig } from '../src/config.js'

test('--version says which program this is', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    expect(() => readConfig(['node', 'interpeer-gateway', '--version'])).toThrow(expect.objectContaining({ code: 'commander.version' }))
    expect(printed.mock.calls.join('')).toBe(`${version}\n`)
  } finally {
    printed.mockRestore()
  }
})
