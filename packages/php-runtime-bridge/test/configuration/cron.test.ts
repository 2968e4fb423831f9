import { parseSchedule } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { plannedLines } from '../../src/configuration/cron-line.js'
import { faultText, parseConfiguration } from '../../src/configuration/parse.js'
import { utf8 } from '../sites.js'

const bits = (set: number): number[] => Array.from({ length: 32 }, (_, i) => i).filter((i) => ((set >>> i) & 1) === 1)
const minutes = (set: Uint8Array): number[] =>
  Array.from({ length: 64 }, (_, i) => i).filter((i) => (((set[i >> 3] as number) >> (i & 7)) & 1) === 1)
function read(text: string) {
  const schedule = parseSchedule(text)
  if ('allowed' in schedule) throw new Error(schedule.allowed)
  const { hours, days, months, weekdays, either } = schedule
  return {
    minutes: minutes(schedule.minutes),
    hours: bits(hours),
    days: bits(days),
    months: bits(months),
    weekdays: bits(weekdays),
    either,
  }
}
const from = (first: number, last: number, step = 1) =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step)
const ALWAYS = { minutes: from(0, 59), hours: from(0, 23), days: from(1, 31), months: from(1, 12), weekdays: from(0, 6), either: false }

test.each([
  ['* * * * *', {}],
  ['*/15 * * * *', { minutes: [0, 15, 30, 45] }],
  ['5,3,3-4 1-5/2 * * *', { minutes: [3, 4, 5], hours: [1, 3, 5] }],
  ['0 0 1 JAN,feb *', { minutes: [0], hours: [0], days: [1], months: [1, 2] }],
  ['0  4\t* * 7', { minutes: [0], hours: [4], weekdays: [0] }],
  ['0 4 * * sun-tue', { minutes: [0], hours: [4], weekdays: [0, 1, 2] }],
  ['0 4 * * 5-7', { minutes: [0], hours: [4], weekdays: [0, 5, 6] }],
  ['0 4 13 * fri', { minutes: [0], hours: [4], days: [13], weekdays: [5], either: true }],
  ['0 4 */10 * fri', { minutes: [0], hours: [4], days: [1, 11, 21, 31], weekdays: [5] }],
  ['0 0 29 2 *', { minutes: [0], hours: [0], days: [29], months: [2] }],
])('%s', (text, narrowed) => {
  expect(read(text)).toEqual({ ...ALWAYS, ...narrowed })
})

test.each([
  ['', 0],
  ['* * * *', 0],
  ['* * * * * *', 0],
  [' * * * * *', 0],
  ['* * * * * ', 0],
  ['@daily', 0],
  ['* * * * *\n', 8],
  ['60 * * * *', 0],
  ['* 24 * * *', 2],
  ['* * 0 * *', 4],
  ['* * 32 * *', 4],
  ['* * * 13 *', 6],
  ['* * * 0 *', 6],
  ['* * * * 8', 8],
  ['1,61 * * * *', 2],
  ['5-3 * * * *', 0],
  ['*/0 * * * *', 0],
  ['*/99 * * * *', 0],
  ['5/2 * * * *', 0],
  ['*-5 * * * *', 0],
  ['1,,2 * * * *', 2],
  ['01 * * * *', 0],
  ['-1 * * * *', 0],
  ['mon * * * *', 0],
  ['* * * mon *', 6],
  ['* * * * monday', 8],
  ['* * 30 2 *', 4],
  ['* * 31 4,6 *', 4],
  ['1.5 * * * *', 0],
])('%j is refused, at its place', (text, at) => {
  expect(parseSchedule(text)).toMatchObject({ at, allowed: expect.any(String) })
})

const faults = (text: string): string[] => {
  const reading = parseConfiguration(utf8(text))
  return reading.type === 'valid' ? [] : reading.faults.map(faultText)
}
test('lines are read in their order; each fault is told where it stands', () => {
  const reading = parseConfiguration(
    utf8('{"cron": [{"schedule": "*/5 * * * *", "target": "/cron.php?x=1"}, {"target": "/b", "schedule": "0 0 1 1 *"}]}'),
  )
  expect(reading.type === 'valid' && plannedLines(reading.configuration.cron).map(({ target }) => target)).toEqual(['/cron.php?x=1', '/b'])
  expect(faults('{"cron": [\n  {"schedule": "* 25 * * *", "target": "/"}\n]}')).toEqual([
    '2:19: cron[0].schedule: found "25"; allowed: in the field of the hour: *, 0 to 23, ranges such as 0-1, steps such as */2, with commas between them',
  ])
  expect(faults('{"cron": [{"schedule": "* * * * *"}, {"target": "/"}, 5, {"schedule": 5, "target": "x", "at": 1}]}')).toHaveLength(6)
  expect(faults('{"cron": {"schedule": "* * * * *", "target": "/"}}')[0]).toContain('a list of at most 32')
  const many = Array.from({ length: 33 }, () => ({ schedule: '* * * * *', target: '/' }))
  expect(faults(JSON.stringify({ cron: many }))).toHaveLength(1)
  expect(faults(JSON.stringify({ cron: many.slice(1) }))).toEqual([])
})
