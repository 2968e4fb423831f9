import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterEach, expect } from 'vitest'
import { filesOf, utf8, visit } from './sites.js'

/** A site and one derived from it, which after each test of a file must be served as ever. @returns what loads them */
export function keepSites(): (php: PhpRuntime) => Promise<void> {
  let kept: PhpRuntime
  afterEach(async () => {
    const [first, second] = await Promise.all([visit(kept, 'kept'), visit(kept, 'kept 1')])
    expect([first.text, second.text]).toEqual(['kept 0', 'kept 1'])
  })
  return async (php) => {
    kept = php
    await php.load('kept', filesOf({ 'index.php': '<?php echo "kept ", file_get_contents("n");', n: '0' }))
    await php.derive('kept 1', 'kept', [{ type: 'write', path: 'n', mode: 0o644, mtimeS: 1, bytes: utf8('1') }])
  }
}
