import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'seeder', include: ['test/**/*.test.ts'] } })
