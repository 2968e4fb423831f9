import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bytesOfHex, decodeCbor, encodeCbor, hexOf } from '../src/index.js'
import appendixA from '../vectors/cbor_appendix_a.json' with { type: 'json' }
import profile from '../vectors/cbor_appendix_a_profile.json' with { type: 'json' }

test("our list has each of the appendix's examples, in its order", () => {
  expect(profile.map(({ hex }) => hex)).toEqual(appendixA.map(({ hex }) => hex))
})
test.each(profile)('$group: $hex: $expect', ({ hex, expect: code }) => {
  const bytes = bytesOfHex(hex)
  if (code === 'ok') expect(hexOf(encodeCbor(decodeCbor(bytes)))).toBe(hex)
  else expect(() => decodeCbor(bytes)).toThrow(expect.objectContaining({ name: 'WireError', code }))
})
test('what is accepted is read as the appendix says, but for byte strings, of which its list says nothing', () => {
  const decoded = new Map(appendixA.map((example) => [example.hex, (example as { decoded?: unknown }).decoded]))
  const accepted = profile.filter(({ expect: code, group }) => code === 'ok' && group !== 'byte strings')
  for (const { hex } of accepted) {
    const value = decodeCbor(bytesOfHex(hex))
    // JSON has no integers of 64 bits: the list's own are rounded when they are parsed
    expect(typeof value === 'bigint' ? Number(value) : value, hex).toEqual(decoded.get(hex))
  }
  expect(accepted.length).toBe(30)
})
test('the table of the README has these groups, counts and outcomes', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const section = /### RFC 8949, appendix A\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
  const rows = [...section.matchAll(/^\| (.+?) +\| (\d+) +\| (\S+) +\|/gm)].map(
    ([, group, count, outcome]) => `${group}: ${count} ${outcome}`,
  )
  const expected = [...new Set(profile.map(({ group }) => group))].map((group) => {
    const examples = profile.filter((example) => example.group === group)
    const codes = [...new Set(examples.map((example) => example.expect))]
    return `${group}: ${examples.length} ${codes.map((code) => (code === 'ok' ? 'accepted' : `\`${code}\``)).join()}`
  })
  expect(rows.sort()).toEqual(expected.sort())
  expect(section).toContain(`All ${appendixA.length} examples`)
})
