import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { expect, test } from 'vitest'
import type { openLog } from '../src/log.js'
import { withScriptLog } from '../src/script-log.js'

test('what a site plans is told as the runtime has it', () => {
  const lines = [{ target: '/cron.php' }]
  const runtime = { cron: (root: string) => (root === 'root' ? lines : []) } as unknown as PhpRuntime
  expect(withScriptLog(runtime, { warn: () => {} } as unknown as ReturnType<typeof openLog>).cron('root')).toBe(lines)
})

test('a tree reaches the runtime whole: files, folders and links', async () => {
  const loaded: unknown[][] = []
  const runtime = { load: async (...given: unknown[]) => void loaded.push(given) } as unknown as PhpRuntime
  const [file, folder, link] = [
    { path: 'index.php', mode: 0o644, mtimeS: 1, size: 0, read: () => [] },
    { path: 'empty', mode: 0o755 },
    { path: 'public/storage', target: '../data' },
  ]
  const log = { warn: () => {} } as unknown as ReturnType<typeof openLog>
  await withScriptLog(runtime, log).load('root', [file], [folder], [link])
  expect(loaded).toEqual([['root', [file], [folder], [link]]])
})
