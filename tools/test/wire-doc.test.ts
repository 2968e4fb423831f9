import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MESSAGE_NUMBERS } from '../../packages/wire-codec/src/message-numbers.js'
import { messageRules, wireDoc, wireFaults } from './wire-doc.js'
import { filesBelow, packageFolders, ROOT } from './workspace.js'

const folders = packageFolders('packages')
const cddl = folders.flatMap((folder) => filesBelow(`${folder}/src`, '.cddl'))
const code = folders.flatMap((folder) => filesBelow(`${folder}/src`, '.ts'))
const { example: _, ...numbers } = MESSAGE_NUMBERS

test('every number has one message in code, one rule in a CDDL file of the same package, and the other way round', () => {
  expect(wireFaults(numbers, cddl, code)).toEqual([])
})

test('docs/wire.md lists them all (vitest -u writes it anew)', async () => {
  await expect(wireDoc(cddl, code)).toMatchFileSnapshot(join(ROOT, 'docs/wire.md'))
})

const rule = {
  path: 'packages/overlay/src/a.cddl',
  text: '; type: 99\nping = [ ; hello\n  type: 19, echo: uint .size 4]\npart = [type: 2, x: bool]\n',
}
const source = { path: 'packages/overlay/src/a.ts', text: "export const ping = message(\n  'ping', 1, { echo: uint32 })" }

test('a rule is a message if its type is a message number; comments and variants are not', () => {
  expect(messageRules([rule])).toEqual([{ name: 'ping', number: 19, package: 'overlay', cddl: rule.path }])
  expect(wireFaults({ ping: 19 }, [rule], [source])).toEqual([])
})

test.each([
  ['another number', { ping: 20 }, [rule], [source], 'message-numbers.ts says 20'],
  ['no number', {}, [rule], [source], 'not in message-numbers.ts'],
  ['no CDDL', { ping: 19 }, [], [source], 'in 0 CDDL files'],
  ['two CDDL files', { ping: 19 }, [rule, rule], [source], 'in 2 CDDL files'],
  ['no code', { ping: 19 }, [rule], [], 'declared 0 times'],
  ['code elsewhere', { ping: 19 }, [rule], [{ ...source, path: 'packages/peer/src/a.ts' }], 'its code in peer'],
  ["another layer's number", { ping: 50 }, [{ ...rule, text: 'ping = [type: 50]' }], [source], "out of its package's range"],
])('a planted fault is found: %s', (_, numbered, rules, sources, words) => {
  expect(wireFaults(numbered, rules, sources).join('\n')).toContain(words)
})
