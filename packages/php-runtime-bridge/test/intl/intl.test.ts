import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { phpVersions } from '@interpeer/php-runtime-bridge'
import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, describe, expect, test } from 'vitest'
import { runPage } from '../sites.js'

const run = promisify(execFile)
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const everything = readFileSync(file('intl.php'), 'utf8')
const answers = readFileSync(file('intl.txt'), 'utf8')

describe.each(phpVersions)('intl in PHP %s', (version) => {
  let php: PhpRuntime
  afterAll(() => php?.close())

  test('sorts, formats, parses, normalizes and transliterates', async () => {
    php = await startPhpRuntime({ php: version, extensions: ['intl'], guardMs: 20_000 })
    const seen = await runPage(php, everything)
    expect([seen.status, seen.log, seen.text]).toEqual([200, '', answers])
  })

  test('is there as any extension is, and cannot be loaded by a script', async () => {
    const seen = await runPage(
      php,
      `<?php echo json_encode([extension_loaded('intl'), in_array('intl', get_loaded_extensions()), function_exists('dl') && @dl('intl.so'),
        function_exists('dl') && @dl('redis.so'), is_subclass_of('IntlGregorianCalendar', 'IntlCalendar'), getenv('ICU_DATA'), ini_get('intl.default_locale'),
        ini_set('intl.default_locale', 'de_AT') === false, Locale::getDefault(), (new NumberFormatter(null, NumberFormatter::DECIMAL))->format(1234.5)]);`,
    )
    expect(JSON.parse(seen.text)).toEqual([true, true, false, false, true, false, '', false, 'de_AT', '1\u00a0234,5'])
    expect((await runPage(php, '<?php echo Locale::getDefault();')).text, 'the next request').toBe('en_US_POSIX')
  })
})

test('who does not ask for it has it not, and it is another runtime', async () => {
  const [plain, intl] = [await startPhpRuntime(), await startPhpRuntime({ extensions: ['intl'] })]
  expect((await runPage(plain, '<?php echo (int) extension_loaded("intl"), (int) class_exists("Collator");')).text).toBe('00')
  expect(intl.runtimeId).not.toBe(plain.runtimeId)
  await Promise.all([plain.close(), intl.close()])
  const twice = startPhpRuntime({ extensions: ['intl', 'intl'] })
  await expect(twice).rejects.toThrow(expect.objectContaining({ failure: { code: 'OPTION_INVALID', option: 'extensions' } }))
  await expect(startPhpRuntime({ extensions: ['redis' as 'intl'] })).rejects.toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
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
    expect(one.images[0]).toBe(one.images[1])
    for (const runs of Object.values<unknown[]>(one.runs)) {
      expect(runs[1], 'on an instance that was linked again').toEqual(runs[0])
      expect(runs[2], 'and once more on it').toEqual(runs[0])
    }
    expect(one.runs.intl[0]).toMatchObject({ status: 200, text: answers })
    expect(one.runs.nested[0]).toMatchObject({ status: 500, text: expect.stringMatching(/^STACK_EXHAUSTED/) })
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
