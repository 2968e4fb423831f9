import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.base.ts'

export default defineConfig({ test: { ...shared, name: 'job-scheduler', include: ['test/**/*.test.ts'] } })
