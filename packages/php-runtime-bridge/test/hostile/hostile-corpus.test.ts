import { afterAll, beforeAll, expect, test } from 'vitest'
import { Attacked } from './attack.js'
import { readCorpus } from './corpus.js'
import { HostUnderAttack } from './host-under-attack.js'

const host = await HostUnderAttack.start()
const corpus = readCorpus(host.places)
const families = [...new Set(corpus.map(({ family }) => family))]

let attacked: Attacked
beforeAll(async () => {
  attacked = await Attacked.start(host)
})
afterAll(async () => {
  await attacked.stop()
  host.stop()
})

test('the corpus has at least 500 scripts, each another one', () => {
  expect(new Set(corpus.map(({ script }) => script)).size).toBe(corpus.length)
  expect(new Set(corpus.map(({ family, name }) => `${family} ${name}`)).size).toBe(corpus.length)
  expect(corpus.length).toBeGreaterThanOrEqual(500)
})

test.each(families)('%s: every script is answered as expected, and the next request knows nothing of it', async (family) => {
  expect(await attacked.by(corpus.filter((one) => one.family === family))).toEqual([])
})
