import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'models', include: ['test/**/*.test.ts'], testTimeout: 300_000 } })
