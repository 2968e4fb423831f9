import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { phpVersions } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { otherNode } from '../determinism/other-node.js'
import { CACHE_FOLDER, filesOf, type Seen, startPhp, visit } from '../sites.js'

const run = promisify(execFile)
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const everything = readFileSync(file('intl.php'), 'utf8')
const answers = readFileSync(file('intl.txt'), 'utf8')

/** Runs one script as the only page of a site that asks for a version and extensions. */
async function page(php: PhpRuntime, configuration: object, script: string): Promise<Seen> {
  const root = JSON.stringify([configuration, script])
  await php.load(root, filesOf({ 'index.php': script, 'interpeer.json': JSON.stringify(configuration) }))
  return visit(php, root)
}

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp()
})
afterAll(() => php.close())

// in the matrix its version, else the oldest and the newest
const { PHP_VERSION } = process.env
const versions = phpVersions.filter((one, i) => (PHP_VERSION ? one === PHP_VERSION : i === 0 || i === phpVersions.length - 1))

describe.each(versions)('intl in PHP %s', (version) => {
  const withIntl = { php: version, extensions: ['intl'] }

  test('sorts, formats, parses, normalizes and transliterates', async () => {
    const seen = await page(php, withIntl, everything)
    expect([seen.status, seen.log, seen.text]).toEqual([200, '', answers])
  })

  test('is there as any extension is, and cannot be loaded by a script', async () => {
    const seen = await page(
      php,
      withIntl,
      `<?php echo json_encode([extension_loaded('intl'), in_array('intl', get_loaded_extensions()), function_exists('dl') && @dl('intl.so'),
        function_exists('dl') && @dl('redis.so'), is_subclass_of('IntlGregorianCalendar', 'IntlCalendar'), getenv('ICU_DATA'), ini_get('intl.default_locale'),
        ini_set('intl.default_locale', 'de_AT') === false, Locale::getDefault(), (new NumberFormatter(null, NumberFormatter::DECIMAL))->format(1234.5)]);`,
    )
    expect(JSON.parse(seen.text)).toEqual([true, true, false, false, true, false, '', false, 'de_AT', '1\u00a0234,5'])
    const next = await page(php, withIntl, '<?php echo Locale::getDefault(), " ", PHP_VERSION;')
    expect(next.text, 'the next request').toMatch(new RegExp(`^en_US_POSIX ${version.replace('.', '\\.')}\\.`))
  })
})

test('who does not ask for it has it not, in the same runtime; and it can be in an image with code', async () => {
  const script = '<?php echo (int) extension_loaded("intl"), (int) class_exists("Collator"), (int) opcache_is_script_cached(__FILE__);'
  expect((await page(php, {}, script)).text).toBe('000')
  expect((await page(php, { extensions: ['intl'] }, script)).text).toBe('110')
  expect((await page(php, { extensions: ['intl'], mutable: ['data'], warmUp: ['/'] }, script)).text).toBe('111')
  expect((await page(php, {}, script)).text).toBe('000')
})

test('in processes of other zones, languages and Node versions it has the same memory to the last byte, and answers alike', async () => {
  const inProcess = async (node: string, env: Record<string, string>) => {
    const { stdout } = await run(node, [file('process.mjs'), CACHE_FOLDER, PHP_VERSION ?? '8.2'], { env, maxBuffer: 8 * 1024 * 1024 })
    return JSON.parse(stdout)
  }
  const one = await inProcess(process.execPath, { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', ICU_DATA: '/tmp' })
  const two = await inProcess((await otherNode()) ?? process.execPath, { TZ: 'America/New_York', LANG: 'C' })
  expect(two).toEqual(one)
  const { digest, bytes, runs } = one
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  expect(bytes).toBeGreaterThan(45_000_000)
  expect(runs[0]).toMatchObject({ status: 200, log: '', text: answers })
  expect(runs[2]).toMatchObject({ status: 500, text: expect.stringMatching(/^STACK_EXHAUSTED/) })
  expect([runs[1], runs[3]]).toEqual([runs[0], runs[0]])
})
