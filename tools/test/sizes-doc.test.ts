import { expect, test } from 'vitest'
import { readRoot } from './workspace.js'

/** `.size-limit.js`: the name is PACKAGE: IMPORTED, where * stands for everything. */
const { default: limits } = (await import(new URL('../../.size-limit.js', import.meta.url).href)) as {
  default: readonly { readonly name: string; readonly limit: string }[]
}

test.each(limits)('the README states what $name costs a browser: $limit', ({ name, limit }) => {
  const [, folder = '', imported = ''] = name.match(/^([\w-]+): (.+)$/) ?? []
  const cell = imported === '*' ? 'everything' : `\`${imported}\``
  const rows = readRoot(`packages/${folder}/README.md`).split('\n')
  expect(
    rows
      .find((row) => row.startsWith(`| ${cell} `))
      ?.split('|')[2]
      ?.trim(),
  ).toBe(limit)
})

test('some limits are stated', () => expect(limits.length).toBeGreaterThan(10))
