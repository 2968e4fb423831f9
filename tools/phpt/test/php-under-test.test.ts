import { treeOf } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { meteredPhp } from '../src/metered-php.ts'
import { PhpUnderTest } from '../src/php-under-test.ts'

test('a script runs on PHP’s command line to its end, with its settings and arguments', async () => {
  const php = new PhpUnderTest(await meteredPhp())
  const bytes = new TextEncoder().encode(
    '<?php echo ini_get("precision"), " ", $argv[1], " ", strlen(str_repeat("x", 1 << 22)), " ", fgets(STDIN);',
  )
  const site = treeOf([{ path: 'a.php', mode: 0o644, mtimeS: 1, bytes }])
  const settings = new Map([['precision', '7']])
  const ran = php.run(site, { script: 'a.php', settings, args: ['one'], stdin: 'said', env: [], stderr: false, web: undefined })
  expect(ran).toEqual({ output: '7 one 4194304 said', headers: '', trouble: undefined })
})
