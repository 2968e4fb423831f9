import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'job-scheduler', include: ['test/**/*.test.ts'] } })
