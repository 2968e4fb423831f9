import { expect, test } from 'vitest'
import { codesOfPages, codesOfType, codesOfUnion, codesTwice, errorDocFaults } from './error-codes.js'
import { filesBelow, packageFolders, readRoot } from './workspace.js'

test('docs/errors.md explains every error code, and no other', () => {
  const sources = packageFolders('packages', 'apps').flatMap((folder) => filesBelow(`${folder}/src`, '.ts'))
  const unions = sources.filter(({ path }) => path.endsWith('/errors.ts'))
  expect(unions.length).toBeGreaterThan(10)
  const codes = new Map<string, string[]>()
  for (const { path, text } of unions) {
    const found = codesOfUnion(text)
    expect(found, path).not.toEqual([])
    const owner = path.split('/')[1] ?? ''
    codes.set(owner, [...(codes.get(owner) ?? []), ...found])
  }
  // what a visitor may be told: the gateway's pages, and the codes with which a group refuses a write
  const told = [
    ...codesOfPages(readRoot('apps/gateway/src/refusal.ts')),
    ...codesOfType(readRoot('packages/peer-group/src/api.ts'), 'RefusalCode'),
  ]
  expect(told).toEqual(expect.arrayContaining(['SITE_UNKNOWN', 'JOB_TOO_SLOW']))
  codes.set('gateway', told)
  const page = readRoot('docs/errors.md')
  expect(errorDocFaults(page, codes, sources)).toEqual([])
  expect(codesTwice(page)).toEqual([])
})

const doc = '# Errors\n\n## overlay\n\n| code | meaning |\n| --- | --- |\n| `NO_ADDRESS`, `TO_SELF` | said `HERE` |\n'
const union = "  | { readonly code: 'NO_ADDRESS' | 'TO_SELF'; readonly peer: string }"

test('codes are read from unions and from the first cell of a row', () => {
  expect(codesOfUnion(union)).toEqual(['NO_ADDRESS', 'TO_SELF'])
  expect(codesOfUnion("  | {\n      readonly code: 'FETCH_FAILED'\n      readonly count: number }")).toEqual(['FETCH_FAILED'])
  expect(codesOfType("export type RefusalCode =\n  | 'GROUP_BUSY'\n  | 'JOB_TOO_SLOW'\n\nconst other = 'NOT_THIS'", 'RefusalCode')).toEqual(
    ['GROUP_BUSY', 'JOB_TOO_SLOW'],
  )
  expect(codesOfPages("const WORDS = {\n  SITE_UNKNOWN: {\n    title: 'X',\n  },\n}")).toEqual(['SITE_UNKNOWN'])
  expect(errorDocFaults(doc, new Map([['overlay', codesOfUnion(union)]]), [{ path: 'a.ts', text: union }])).toEqual([])
})

test('a table that explains a code twice is found, and two tables that each do are not', () => {
  const row = '| `TO_SELF` | again |\n'
  expect(codesTwice(doc + row)).toEqual(['TO_SELF'])
  expect(codesTwice(`${doc}\nAnd to others:\n\n${row}`)).toEqual([])
})

test.each([
  ['a code that is not explained', new Map([['overlay', ['NO_ADDRESS', 'BUSY']]]), union, '"overlay" lacks BUSY'],
  ["a code that only another package's section explains", new Map([['peer', ['TO_SELF']]]), union, '"peer" lacks TO_SELF'],
  ['a code that is gone', new Map([['overlay', []]]), "code: 'NO_ADDRESS'", 'has TO_SELF, which is nowhere'],
])('a planted fault is found: %s', (_, packages, text, words) => {
  expect(errorDocFaults(doc, packages, [{ path: 'a.ts', text }]).join('\n')).toContain(words)
})
