import { fileURLToPath } from 'node:url'
import { groupOdds } from '@interpeer/peer-group'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { program } from '../src/commands.js'
import { chanceOf, oddsLine } from '../src/odds.js'
import { oddsDoc } from './odds-doc.js'

let printed: string
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())
const run = async (...words: string[]): Promise<string> => {
  const root = program()
  for (const command of [root, ...root.commands, ...root.commands.flatMap(({ commands }) => commands)])
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} })
  await root.parseAsync(['group', 'odds', ...words], { from: 'user' })
  return printed
}

test('docs/odds.md has the tables as they are computed (vitest -u writes it anew)', async () => {
  await expect(oddsDoc()).toMatchFileSnapshot(fileURLToPath(new URL('../../../docs/odds.md', import.meta.url)))
})

test('a time between changes of seats is told in three digits', async () => {
  expect(await run('--size', '3')).toMatch(/a seat changes every 26\.7 s\n/)
})

test('one size is told with all there is to say', async () => {
  const text = await run('--size', '5', '--tenure-ms', '3600000')
  expect(text).toContain('A group of 5, of which 4 must agree (q); 20 % of very many peers collude; 1 % of the honest are silent')
  expect(text).toMatch(/a seat changes every 720 s\n/)
  expect(text).toMatch(/^4 or more collude: enough without late dissent or jury {2,}0\.672 % {2,}0\.492 {2,}38\.1 %$/m)
  expect(text).toMatch(/^all 5 collude: nobody is left to dissent {2,}1 in 3,120 /m)
  expect(text).toMatch(/^most of a jury of 11 collude: each dispute {2,}1\.17 %$/m)
})

test('without a size there is a line for each, 1 to 31, or to as many as there are peers', async () => {
  expect((await run('--traitors', '33.3%')).match(/^\d+ /gm)).toHaveLength(31)
  printed = ''
  const few = await run('--peers', '6')
  expect(few.match(/^\d+ /gm)).toHaveLength(6)
  expect(few).toMatch(/^5 .* none /m)
})

test('--json gives what is computed', async () => {
  const of = { members: 7, traitorsPpm: 125_000, peers: 40, silentPpm: 5_000, tenureMs: 80_000 }
  const words = ['--size', '7', '--traitors', '12.5%', '--peers', '40', '--silent', '0.5%', '--json']
  expect(JSON.parse(await run(...words))).toEqual(groupOdds(of))
  printed = ''
  const all = JSON.parse(await run('--json')) as { members: number }[]
  expect(all.map(({ members }) => members)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
})

test.each([
  ['--size', '0'],
  ['--size', '32'],
  ['--traitors', '0.2'],
  ['--traitors', '101%'],
  ['--silent', '-1%'],
  ['--tenure-ms', '0'],
])('%s %s is refused', async (...words) => {
  await expect(run(...words)).rejects.toMatchObject({ code: 'commander.invalidArgument' })
})
test('a group of more than there are peers is refused', async () => {
  await expect(run('--size', '5', '--peers', '4')).rejects.toMatchObject({ code: 'ODDS_INVALID' })
})

test('whoever publishes is told the odds in one line', () => {
  const line = oddsLine(groupOdds({ members: 5, traitorsPpm: 200_000, peers: null, silentPpm: 10_000, tenureMs: 80_000 }))
  expect(line).toBe(
    "the odds, should 20 % of a large network collude: 4 of 5 members do 0.672 % of the time (a day: > 99.9 %), all 5 1 in 3,120 (a day: 75 %), a jury's majority 1.17 %; more: interpeer group odds --size 5",
  )
})

test('chances are told as people read them', () => {
  expect([0, 1, 0.99951, 0.5, 0.01, 0.001, 0.0009, 1e-12].map(chanceOf)).toEqual([
    'never',
    '> 99.9 %',
    '> 99.9 %',
    '50 %',
    '1 %',
    '0.1 %',
    '1 in 1,110',
    '1 in 1.00e12',
  ])
})
