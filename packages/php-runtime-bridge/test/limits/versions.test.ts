import { SLOT } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { runPage, startPhp } from '../sites.js'

const limits = { ...SLOT, fuel: 100_000_000, graceFuel: 20_000_000 }

test.each(['8.3', '8.4', '8.5'] as const)('PHP %s: work, memory and recursion end as in 8.2', async (version) => {
  const php = await startPhp({ php: version, limits })
  const run = (script: string) => runPage(php, `<?php file_put_contents("x", "1"); ${script}`)
  const codeOf = async (script: string) => {
    const seen = await run(script)
    return [seen.status, seen.header('interpeer-error'), seen.changes.length]
  }
  const caught = await run('try { while (true); } catch (Interpeer\\SlotExhausted $e) { echo "caught"; }')
  expect([caught.text, caught.changes.length]).toEqual(['caught', 1])
  expect(await codeOf('while (true);')).toEqual([503, 'SLOT_EXHAUSTED', 0])
  expect(await codeOf('while (true) try { while (true); } catch (Error) {}')).toEqual([503, 'SLOT_EXHAUSTED', 0])
  expect(await codeOf('str_repeat("x", 1 << 30);')).toEqual([503, 'MEMORY_EXHAUSTED', 0])
  expect(await codeOf('ini_set("memory_limit", -1); str_repeat("x", 1 << 30);')).toEqual([503, 'MEMORY_EXHAUSTED', 0])
  expect(await codeOf('$f = function () use (&$f) { array_map($f, [1]); }; $f();')).toEqual([500, 'STACK_EXHAUSTED', 0])
  expect((await run('try { new Fiber(fn () => 1); } catch (Error $e) { echo $e->getMessage(); }')).text).toBe('Fibers cannot run here')
  await php.close()
})
