import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../src/', import.meta.url)
const pure = readdirSync(folder).filter((name) => name.endsWith('.ts'))

test.each(pure)('%s has no clock, dice, timers, sockets or disk of its own', (name) => {
  const code = readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
  expect(code).not.toMatch(
    /\bDate\b|\bperformance\b|Math\.random|\bset(Timeout|Interval|Immediate)\b|'node:|\bprocess\.|globalThis|\bcrypto\./,
  )
})
