import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MESSAGE_NUMBERS } from '../../packages/wire-codec/src/message-numbers.js'
import { messageRules, ourRanges, packageOf, recordFaults, statedRanges, wireDoc, wireFaults } from './wire-doc.js'
import { filesBelow, packageFolders, ROOT, readRoot } from './workspace.js'

const folders = packageFolders('packages')
const cddl = folders.flatMap((folder) => filesBelow(`${folder}/src`, '.cddl'))
const code = folders.flatMap((folder) => filesBelow(`${folder}/src`, '.ts'))
const { example: _, ...numbers } = MESSAGE_NUMBERS

test('every number has one message in code, one rule in a CDDL file of the same package, and the other way round', () => {
  expect(wireFaults(numbers, cddl, code)).toEqual([])
})
test('the design and the list of numbers state the same ranges', () => {
  const [, line = ''] = readRoot('docs/design.md').match(/^2\. \*\*Message numbers\*\*: (.*)$/m) ?? []
  const [, head = ''] = readRoot('packages/wire-codec/src/message-numbers.ts').match(/^\/\*\*([\s\S]*?)\*\//) ?? []
  expect(statedRanges(line)).toEqual(ourRanges())
  expect(statedRanges(head)).toEqual(ourRanges())
})
test('every record that code encodes or decodes is held to the CDDL', () => {
  const contracts = folders.flatMap((folder) => filesBelow(`${folder}/test`, 'contract.ts'))
  const records = code.filter(({ path }) => packageOf(path) !== 'wire-codec')
  const measured = 'headerList' // encoded only for its length
  expect(recordFaults(records, [...contracts.map(({ text }) => text), measured].join('\n'))).toEqual([])
})

test('docs/wire.md lists them all (vitest -u writes it anew)', async () => {
  await expect(wireDoc(cddl)).toMatchFileSnapshot(join(ROOT, 'docs/wire.md'))
})

const rule = {
  path: 'packages/overlay/src/a.cddl',
  text: '; type: 99\n; Version 1, at most 1,198 bytes. Not signed.\nping = [ ; hello\n  type: 19, echo: uint .size 4]\npart = [type: 2, x: bool]\n',
}
const other = (text: string) => ({ ...rule, text: rule.text.replace('[ ; hello\n  type: 19, echo: uint .size 4]', text) })
const source = { path: 'packages/overlay/src/a.ts', text: "export const ping = message(\n  'ping', 19, 1, { echo: uint32 })" }

test('a rule is a message if its type is a message number; comments and variants are not', () => {
  const facts = { version: 1, maxBytes: 1198, signer: null }
  expect(messageRules([rule])).toEqual([{ name: 'ping', number: 19, package: 'overlay', cddl: rule.path, ...facts }])
  expect(wireFaults({ ping: 19 }, [rule], [source])).toEqual([])
})

test.each([
  ['another number', { ping: 20 }, [rule], [source], 'message-numbers.ts says 20'],
  ['no number', {}, [rule], [source], 'not in message-numbers.ts'],
  ['no CDDL', { ping: 19 }, [], [source], 'in 0 CDDL files'],
  ['two CDDL files', { ping: 19 }, [rule, rule], [source], 'in 2 CDDL files'],
  ['no code', { ping: 19 }, [rule], [], 'declared 0 times'],
  ['code in two packages', { ping: 19 }, [rule], [source, source], 'declared 2 times'],
  ['code elsewhere', { ping: 19 }, [rule], [{ ...source, path: 'packages/peer/src/a.ts' }], 'its code in peer'],
  ['another version', { ping: 19 }, [rule], [{ ...source, text: source.text.replace('1,', '2,') }], 'version 1 in CDDL, 2 in code'],
  ["another layer's number", { ping: 50 }, [other('[type: 50]')], [source], "out of its package's range"],
  ["no layer's number", { ping: 180 }, [other('[type: 180]')], [source], "in no layer's range"],
  ['two with one number', { ping: 19, pong: 19 }, [rule], [source], 'pong has 19, and so has ping'],
  ['nothing said of it', { ping: 19 }, [{ ...rule, text: 'ping = [type: 19]\n' }], [source], 'does not say its version'],
])('a planted fault is found: %s', (_, numbered, rules, sources, words) => {
  expect(wireFaults(numbered, rules, sources).join('\n')).toContain(words)
})
test('a record that nothing holds to the CDDL is found', () => {
  const stored = { path: 'packages/overlay/src/a.ts', text: 'encodeWith(storedSchema, value)\ndecodeWith(otherSchema, bytes, 9)' }
  expect(recordFaults([stored], 'storedSchema')).toEqual(['packages/overlay/src/a.ts: otherSchema is in no contract'])
})
