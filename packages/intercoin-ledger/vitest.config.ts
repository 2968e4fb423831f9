import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'intercoin-ledger', include: ['test/**/*.test.ts'] } })
