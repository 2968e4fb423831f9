import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

const backend = fileURLToPath(new URL('../../packages/crypto-ids/src/node/backend.ts', import.meta.url))

// The targets' own time is FUZZ_SECONDS; bundling takes some seconds on a loaded machine.
const seconds = Number(process.env.FUZZ_SECONDS ?? 40)
export default defineConfig({
  resolve: { alias: { '#backend': backend } },
  test: { ...steady, name: 'fuzz', include: ['test/**/*.test.ts'], testTimeout: (seconds * 3 + 120) * 1000 },
})
