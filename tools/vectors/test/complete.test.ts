import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { declarations } from '../../test/wire-doc.js'
import { filesBelow, packageFolders } from '../../test/workspace.js'
import { contractOf, ROOT, vectorsPath } from '../src/files.js'

/** A case, and of which kind, where one list has several. */
interface Named {
  readonly name?: string
  readonly message?: string
  readonly kind?: string
  readonly expect: unknown
}
interface Listed {
  readonly rule: string
  readonly cases: readonly { readonly name: string; readonly expect: string }[]
}
const folders = packageFolders('packages').map((path) => path.split('/')[1] as string)
const readVectors = (folder: string, name: string): unknown => JSON.parse(readFileSync(vectorsPath(folder, name), 'utf8'))
const declared = declarations(folders.flatMap((folder) => filesBelow(`packages/${folder}/src`, '.ts')))
const messages = [...declared].flatMap(([name, all]) => all.map((one) => ({ name, folder: one.package })))

test('a package has one CDDL file, of its own name, or none', () => {
  for (const folder of folders) {
    const files = filesBelow(`packages/${folder}/src`, '.cddl').map(({ path }) => path)
    expect([[], [`packages/${folder}/src/${folder}.cddl`]]).toContainEqual(files)
  }
})
test('a package with a CDDL file or vectors ships them', () => {
  for (const folder of folders) {
    const { files = [], exports = {} } = JSON.parse(readFileSync(`${ROOT}packages/${folder}/package.json`, 'utf8'))
    if (filesBelow(`packages/${folder}/src`, '.cddl').length > 0) expect(files, folder).toContain('src/*.cddl')
    if (filesBelow(`packages/${folder}/vectors`, '.json').length === 0) continue
    expect(files, folder).toContain('vectors')
    expect(exports['./vectors/*'], folder).toBe('./vectors/*')
    expect(readdirSync(`${ROOT}packages/${folder}/vectors`), folder).toContain('README.md')
  }
})

test('there are messages', () => expect(messages.length).toBeGreaterThan(35))
test.each(messages)('$name has vectors, good and bad, and envelopes if it is signed', ({ name, folder }) => {
  const cases = (readVectors(folder, 'wire') as readonly Listed[]).find(({ rule }) => rule === name)?.cases ?? []
  expect(cases.filter((one) => one.expect === 'ok').length).toBeGreaterThanOrEqual(2)
  const codes = new Set(cases.map((one) => one.expect))
  for (const code of ['WIRE_NUMBER', 'WIRE_SHAPE', 'WIRE_MALFORMED', 'WIRE_NOT_CANONICAL']) expect(codes, code).toContain(code)
  const rule = contractOf(folder)
    .rules()
    .find((one) => one.name === name)
  if (rule?.signer === null) return
  const envelopes = (readVectors(folder, 'signed') as { readonly messages: readonly Listed[] }).messages.find((one) => one.rule === name)
  expect(envelopes?.cases.filter((one) => one.expect === 'SIGNATURE_WRONG').length).toBeGreaterThan(8)
})

/** Every list of cases in a file, however deep. */
function listsIn(value: unknown): (readonly Named[])[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(listsIn)
  return Array.isArray(value) && value.some((one) => one?.expect !== undefined) ? [value, ...inner] : inner
}
/** Where something else made them: public vectors. */
const PUBLIC = /bolt04|noise|cbor_appendix|speccheck|wycheproof|rfc9381/
const files = folders.flatMap((folder) =>
  filesBelow(`packages/${folder}/vectors`, '.json').map(({ path }) => [path.slice('packages/'.length)] as const),
)
test.each(files.filter(([path]) => !PUBLIC.test(path)))('%s: each case has a name of its own and says what to expect', (path) => {
  const lists = listsIn(JSON.parse(readFileSync(`${ROOT}packages/${path}`, 'utf8')))
  for (const list of lists) {
    const names = list.flatMap(({ name, kind, message }) => (name === undefined ? [] : [`${kind ?? message ?? ''} ${name}`]))
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([])
    expect(list.filter((one) => typeof one.expect !== 'string' && !Array.isArray(one.expect))).toEqual([])
  }
})
