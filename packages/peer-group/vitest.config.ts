import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'peer-group', include: ['test/**/*.test.ts'], testTimeout: 120_000 } })
