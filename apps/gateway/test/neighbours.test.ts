import { expect, test } from 'vitest'
import { neighboursWarning } from '../src/neighbours.js'
import { ask, gatewayOf } from './one-site.js'

const NAVIGATED = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']

test.each<[string, string, readonly string[], boolean]>([
  ['a form of another site', 'POST', ['Sec-Fetch-Site: same-site', ...NAVIGATED], false],
  ['a script of another site', 'GET', ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'], false],
  ['a frame in another site', 'GET', ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe'], false],
  ['a link of another site', 'GET', ['Sec-Fetch-Site: same-site', ...NAVIGATED], true],
  ['its own form', 'POST', ['Sec-Fetch-Site: same-origin', ...NAVIGATED], true],
  ['its own script', 'POST', ['Sec-Fetch-Site: same-origin', 'Origin: http://site.gate.example'], true],
  ['an address that was typed', 'GET', ['Sec-Fetch-Site: none', ...NAVIGATED], true],
  // whether cookies go along there the browser knows
  ['a form of elsewhere', 'POST', ['Sec-Fetch-Site: cross-site', ...NAVIGATED], true],
  ['a form of another site, without a word of the browser', 'POST', ['Origin: http://other.gate.example'], false],
  ['the same, at another port', 'POST', ['Origin: https://other.gate.example:8080'], false],
  ['its own form, without a word of the browser', 'POST', ['Origin: http://site.gate.example'], true],
  ['a program', 'POST', [], true],
  ['a form in a sandbox', 'POST', ['Origin: null'], true],
  ['a form of elsewhere, without a word of the browser', 'POST', ['Origin: http://gate.example.net'], true],
])('%s: whether cookies go along with a %s', async (_, method, lines, hasCookie) => {
  const { port, asked } = await gatewayOf(() => ({}), 'gate.example')
  const head = ['Cookie: s=1', 'Content-Length: 0', 'X-Other: 1', ...lines]
  await ask(port, head, { method, host: 'site.gate.example' })
  const cookies = asked.map(({ headers }) => headers.filter(({ name }) => name === 'cookie').map(({ value }) => value))
  expect(cookies).toEqual([hasCookie ? ['s=1'] : []])
  expect(asked[0]?.headers.find(({ name }) => name === 'x-other')?.value).toBe('1')
})

test('only a name without a dot is known to keep sites apart', () => {
  expect(neighboursWarning('localhost')).toBe(undefined)
  for (const name of ['gate.example', 'gate.localhost']) expect(neighboursWarning(name)).toContain(name)
})
