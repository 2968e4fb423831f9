import { expect, test } from 'vitest'
import { faultsOf, type Sent } from './lines-site.js'

// The checker itself: a check that can't fail checks nothing.
const sent = new Map<string, Sent>([
  ['a', { sentAt: 0, acknowledgedAt: 2 }],
  ['b', { sentAt: 1, acknowledgedAt: Number.POSITIVE_INFINITY }],
  ['c', { sentAt: 3, acknowledgedAt: 4 }],
])

test.each<[string, boolean, string[]]>([
  ['a b c', true, []],
  ['b a c', true, []],
  ['a c b', true, []],
  ['a c', true, []],
  ['a', false, []],
  ['', false, []],
  ['a', true, ['c was acknowledged and is not there']],
  ['a b a c', true, ['a is there twice']],
  ['a x c', true, ['x was never sent']],
  ['c a', true, ['c stands before one that was acknowledged before it was sent']],
])('the list "%s" (whole: %s)', (text, isWhole, faults) => {
  expect(faultsOf(text.split(' ').filter(Boolean), sent, isWhole)).toEqual(faults)
})
