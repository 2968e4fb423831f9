import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const model = new URL('../promela/chain-rounds.pml', import.meta.url).pathname
const missing = ['spin', 'gcc'].filter((program) => !isThere(program))
if (missing.length > 0 && process.env.CI) throw new Error(`${missing.join(' and ')} not installed: the Promela model cannot be checked`)
if (missing.length > 0) console.log(`skipped: ${missing.join(' and ')} not installed (Debian: apt-get install spin gcc)`)
const folder = mkdtempSync(join(tmpdir(), 'promela-'))
afterAll(() => rmSync(folder, { recursive: true }))

function isThere(program: string): boolean {
  try {
    execFileSync(program, [program === 'spin' ? '-V' : '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
/** What spin's verifier says of the model with these definitions. */
function check(...defined: readonly string[]): string {
  const run = (program: string, words: readonly string[]) => execFileSync(program, words, { cwd: folder, encoding: 'utf8' })
  run('spin', [...defined.map((name) => `-D${name}`), '-a', model])
  run('gcc', ['-O2', '-DSAFETY', '-DNOFAIR', '-DMEMLIM=1500', '-w', '-o', 'pan', 'pan.c'])
  return run('./pan', ['-m10000', '-w23'])
}

test.skipIf(missing.length > 0)(
  'four electors, one traitor, two rounds: no two blocks are certified, and the rounds end; every state was looked at',
  () => {
    const said = check()
    expect(said).toMatch(/errors: 0\n/)
    expect(said).not.toMatch(/max search depth too small|out of memory/)
    expect(said).toMatch(/^ *3610454 states, stored/m)
  },
)

test
  .skipIf(missing.length > 0)
  .each([
    'WITHOUT_NONE_FOR_A_NEW_BLOCK',
    'WITHOUT_DURABLE_VOTES',
    'WITHOUT_SOFT_QUORUM',
    'WITHOUT_END_BINDING_CERTIFY',
    'WITHOUT_CERTIFY_BINDING_END',
  ])('%s breaks it', (rule) => {
  expect(check(rule)).toMatch(/assertion violated/)
})
