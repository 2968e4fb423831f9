import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const backend = process.env.CRYPTO_BACKEND === 'noble' ? './src/noble-backend.ts' : './src/node/backend.ts'

// The time is for a loaded machine: noble takes a millisecond and more for each of thousands of signatures.
export default defineConfig({
  resolve: { alias: { '#backend': fileURLToPath(new URL(backend, import.meta.url)) } },
  test: { name: 'crypto-ids', include: ['test/**/*.test.ts'], testTimeout: 120_000 },
})
