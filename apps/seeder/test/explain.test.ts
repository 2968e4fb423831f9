import { readFileSync } from 'node:fs'
import { ChainError } from '@interpeer/vote-chain'
import { expect, test } from 'vitest'
import { explain } from '../src/explain.js'

const documented = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const failing = (failure: { readonly code: string; readonly because?: string; readonly told?: number | null; readonly asked?: number }) =>
  explain(Object.assign(new Error(failure.code), { code: failure.code, failure }))

test('a start that sources refuse is explained by what they said', () => {
  const refused = (because: string, told: number | null = 3) => failing({ code: 'SYNC_REFUSED', because, told })
  expect(refused('SYNC_OLD')).toMatch(/right time/)
  expect(refused('SYNC_OTHER')).toMatch(/another chain/)
  expect(refused('SYNC_SOURCES')).toMatch(/Too few peers/)
  expect(refused('SYNC_SOURCES', 0)).toMatch(/Nobody answered/)
  // who slept is told of those that did not answer before it is told of checkpoints
  const slept = failing({ code: 'SYNC_REFUSED', because: 'SYNC_SOURCES', told: 1, asked: 3 })
  expect(slept).toMatch(/1 of 3 peers answered.*start the others and this one at the same time.*\n.*--checkpoint/)
  expect(failing({ code: 'SYNC_REFUSED', because: 'SYNC_SOURCES', told: 3, asked: 3 })).toBe(refused('SYNC_SOURCES'))
  const said = ['SYNC_OLD', 'SYNC_OTHER', 'SYNC_SOURCES', 'SYNC_UNANSWERED'].map((because) => refused(because))
  expect(new Set(said).size).toBe(said.length)
})

test('every error of ours says what to do, or where that is written', () => {
  expect(explain(new ChainError({ code: 'SYNC_OLD', height: 1, timeMs: 0 }))).toMatch(/right time/)
  // one that has no words of its own here
  expect(explain(new ChainError({ code: 'LIGHT_STEP_LONG', height: 1 }))).toMatch(
    /\ndocs\/errors\.md says what LIGHT_STEP_LONG means, and what to do\.$/,
  )
  expect(documented).toContain('`LIGHT_STEP_LONG`')
  expect(explain(Object.assign(new Error('there'), { code: 'EEXIST' }))).toMatch(/not written over/)
  expect(explain(new Error('as it is'))).toBe('interpeer: as it is')
  expect(explain(Object.assign(new Error('not there'), { code: 'ENOTDIR' }))).toBe('interpeer: not there')
})

test('nobody is led to sign again with a key whose record is lost, or is an older one', () => {
  expect(failing({ code: 'STORED_BLOCK_WRONG' })).toMatch(/with a new key, or with the same only if store\/ is kept/)
  for (const code of ['STORED_RECORD_WRONG', 'STORE_READ_FAILED', 'RECORD_CORRUPT', 'RECORD_UNREADABLE']) {
    const said = failing({ code })
    expect(said, code).not.toMatch(/restore the folder|from a copy/)
    expect(said, code).toMatch(/new key/)
  }
})

test('what is explained is an error that there is', () => {
  const source = readFileSync(new URL('../src/explain.ts', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/^ {2}([A-Z][A-Z_]+_[A-Z_]+):/gm)].map(([, code]) => code as string)
  expect(codes.length).toBeGreaterThan(40)
  for (const code of codes) expect(documented, code).toContain(`\`${code}\``)
})
