import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { phpVersions } from '@interpeer/php-runtime-bridge'
import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filesOf, type Seen, visit } from '../sites.js'

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
  php = await startPhpRuntime({ guardMs: 20_000 })
})
afterAll(() => php.close())

describe.each(phpVersions)('intl in PHP %s', (version) => {
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

test('metered, in two processes of other zones and languages, it has the same memory to the last byte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-intl-'))
  const inProcess = async (env: Record<string, string>) => {
    const args = ['--stack-size=60000', '--import', file('sources.mjs'), file('process.mjs'), '8.2', folder]
    return JSON.parse((await run(process.execPath, args, { env: { ...env, NODE_NO_WARNINGS: '1' } })).stdout)
  }
  try {
    const one = await inProcess({ TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', ICU_DATA: '/tmp' })
    const two = await inProcess({ TZ: 'America/New_York', LANG: 'C' })
    expect(two).toEqual(one)
    expect(one.image).toMatch(/^[0-9a-f]{64}$/)
    for (const runs of Object.values<unknown[]>(one.runs)) {
      expect(runs[1], 'on an instance that was linked again').toEqual(runs[0])
      expect(runs[2], 'and once more on it').toEqual(runs[0])
    }
    expect(one.runs.intl[0]).toMatchObject({ status: 200, log: '', text: expect.stringContaining('5 файлов') })
    expect(one.runs.nested[0]).toMatchObject({ status: 500, text: expect.stringMatching(/^STACK_EXHAUSTED/) })
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
