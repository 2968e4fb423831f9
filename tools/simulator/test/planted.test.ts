import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../main.mjs', import.meta.url))
const simulator = fileURLToPath(new URL('..', import.meta.url))
const hooks = `${simulator}hooks.mjs`

/** Loads a source of this folder with a patch, in a process of its own. */
function loadWith(patch: { readonly search: string; readonly replace: string }) {
  const script = `import { allPlanted } from ${JSON.stringify(hooks)}; const { seeds } = await import(${JSON.stringify(`${simulator}src/seeds.ts`)}); console.log(JSON.stringify([seeds(2, {}), allPlanted()]))`
  const env = { ...process.env, SIM_PLANTED: JSON.stringify([{ file: 'tools/simulator/src/seeds.ts', ...patch }]) }
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env })
}

test('a planted bug is in the source that is loaded, and not on the disk', () => {
  expect(JSON.parse(loadWith({ search: 'i + 1', replace: 'i + 2' }).stdout)).toEqual([[2, 3], true])
  const script = `import ${JSON.stringify(hooks)}; const { seeds } = await import(${JSON.stringify(`${simulator}src/seeds.ts`)}); console.log(JSON.stringify(seeds(2, {})))`
  expect(JSON.parse(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout)).toEqual([1, 2])
})

test('a planted bug whose text is not in its source any more, or stands there twice, is an error', () => {
  for (const [search, times] of [
    ['what is not there', 0],
    ['given', 4],
  ] as const) {
    const { status, stderr } = loadWith({ search, replace: '' })
    expect(status).not.toBe(0)
    expect(stderr).toContain(`PLANTED: tools/simulator/src/seeds.ts has ${times} times, not once: ${search}`)
  }
})

test('a name that no planted bug has is an error', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, '--planted', 'no-such-bug'], { encoding: 'utf8' })
  expect(status).not.toBe(0)
  expect(stderr).toContain('no planted bug named no-such-bug')
})
