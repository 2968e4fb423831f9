import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changePaths } from '../../src/import/serialized-paths.js'
import { undoPathsInText } from '../../src/import/undo-paths.js'

const changes = [{ from: '/var/www/html', to: '/site' }]
const changed = (text: string): string => changePaths(text, changes).text

test.each([
  ['/var/www/html/a', '/site/a'],
  ["'/var/www/html'", "'/site'"],
  ['/var/www/html2', '/var/www/html2'],
  ['/var/www/html-old/x', '/var/www/html-old/x'],
  ['/mnt/var/www/html', '/mnt/var/www/html'],
  ['file:///var/www/html/a', 'file:///var/www/html/a'],
  ['{"p":"\\/var\\/www\\/html\\/a"}', '{"p":"\\/site\\/a"}'],
  ['s:13:"/var/www/html";', 's:5:"/site";'],
  ['s:99:"/var/www/html";', 's:99:"/site";'],
  ['a:1:{i:0;s:22:"s:13:"/var/www/html";x";}', 'a:1:{i:0;s:13:"s:5:"/site";x";}'],
])('%s is %s', (before, after) => {
  expect(changed(before)).toBe(after)
})

test('lengths are of bytes: letters beyond ASCII count as in UTF-8', () => {
  expect(undoPathsInText('s:17:"/var/www/html/üx";', changes)).toBe('s:9:"/site/üx";')
})

type Data = string | readonly Data[]
/** As PHP's serialize() writes it; inner data are serialized and kept as texts, as plug-ins do. */
const serialize = (data: Data): string =>
  typeof data === 'string'
    ? `s:${data.length}:"${data}";`
    : `a:${data.length}:{${data.map((one, i) => `i:${i};${serialize(one)}`).join('')}}`
const path = fc.constantFrom('/var/www/html/a', '/var/www/html', '/var/www/html2', 'plain', 's:3:"', '";', 'a "quoted" text')
const { data } = fc.letrec<{ data: Data; text: string }>((tie) => ({
  text: fc.oneof({ maxDepth: 3 }, path, tie('data').map(serialize)),
  data: fc.oneof({ maxDepth: 3 }, tie('text'), fc.array(tie('data'), { maxLength: 3 })),
}))
/** The same by the rule: each text that is data is changed inside, each other one as it is. */
function expected(one: Data): Data {
  return typeof one === 'string' ? changed(one) : one.map(expected)
}
test('whatever PHP serialized, serialized again after the change, is the change of what was serialized', () => {
  fc.assert(
    fc.property(data, (one) => {
      expect(changed(serialize(one))).toBe(serialize(expected(one)))
    }),
  )
})
