import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, startPhp, visit } from '../sites.js'
import { readCorpus } from './corpus.js'
import { HostUnderAttack } from './host-under-attack.js'
import { faultOf } from './judge.js'

const request = { method: 'GET', target: '/', host: 'h', https: false, headers: [], body: new Uint8Array() }
const at = { timeMs: 1_790_000_000_000, seed: new Uint8Array([1]) }
/** Shows whatever one request could leave for the next. */
const probe = `<?php session_start(); $_SESSION['n'] = random_int(0, PHP_INT_MAX); echo json_encode([ini_get_all(null, false), get_included_files(),
  spl_object_id(new stdClass), memory_get_usage(), getenv(), scandir('/tmp'), scandir('/site'), stream_get_wrappers(), hrtime(), setlocale(LC_ALL, 0),
  get_declared_classes(), get_defined_functions(), error_get_last(), umask(), mb_internal_encoding(), libxml_get_errors()]);`

const host = await HostUnderAttack.start()
const corpus = readCorpus(host.places)
const families = [...new Set(corpus.map(({ family }) => family))]

/** A small slot: whatever never ends takes no long time to. */
const limits = { fuel: 200_000_000, memoryMiB: 128, graceFuel: 20_000_000 }

let php: PhpRuntime
let known: string
const answerToProbe = async (): Promise<string> => (await visit(php, 'probe')).transcript
beforeAll(async () => {
  php = await startPhp({ limits })
  await php.load('probe', filesOf({ 'index.php': probe }))
  known = await answerToProbe()
})
afterAll(async () => {
  await php.close()
  host.stop()
})

test('the corpus has at least 500 scripts, each another one', () => {
  expect(new Set(corpus.map(({ script }) => script)).size).toBe(corpus.length)
  expect(new Set(corpus.map(({ family, name }) => `${family} ${name}`)).size).toBe(corpus.length)
  expect(corpus.length).toBeGreaterThanOrEqual(500)
})

test.each(families)(
  '%s: every script is answered as expected, and the next request knows nothing of it',
  async (family) => {
    const faults: string[] = []
    for (const one of corpus.filter((each) => each.family === family)) {
      await php.load('hostile', filesOf({ 'index.php': one.script, 'empty.php': '' }))
      const outcome = await php.run('hostile', request, at)
      const fault = outcome.type === 'abstained' ? `this machine abstained: ${outcome.reason}` : faultOf(one, outcome, host.secrets)
      if (fault !== undefined) faults.push(`${one.name}: ${fault}`)
      if ((await answerToProbe()) !== known) faults.push(`${one.name}: the next request was answered otherwise`)
    }
    expect(faults).toEqual([])
    expect(host.touched()).toEqual([])
  },
  120_000,
)
