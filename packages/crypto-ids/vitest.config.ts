import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

const backend = process.env.CRYPTO_BACKEND === 'noble' ? './src/noble-backend.ts' : './src/node/backend.ts'

export default defineConfig({
  resolve: { alias: { '#backend': fileURLToPath(new URL(backend, import.meta.url)) } },
  test: { ...steady, name: 'crypto-ids', include: ['test/**/*.test.ts'] },
})
