import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const WIKI_TESTS = fileURLToPath(new URL('../../../examples/wiki/test/run.php', import.meta.url))
const php = spawnSync('php', ['-r', 'exit(extension_loaded("pdo_sqlite") ? 0 : 1);']).status === 0
const missing = 'no php with pdo_sqlite (Debian: apt-get install php-cli php-sqlite3)'
if (!php && process.env.CI) throw new Error(missing)
if (!php) console.warn(`the wiki’s own tests are skipped: ${missing}`)

test.runIf(php)('the example wiki passes its own tests on plain PHP', () => {
  expect(execFileSync('php', [WIKI_TESTS], { encoding: 'utf8' })).toMatch(/\b\d+ passed, 0 failed/)
})
