import { defineConfig } from 'vitest/config'

// Networks of eight processes and a browser take minutes each, and have not all passed yet (docs/applications.md): only `npm run test:apps` has them.
const networks = ['test/{dokuwiki,hoteldruid,mediawiki,shaarli,wordpress}.test.ts']

// After the end-to-end tests, and one file at a time.
export default defineConfig({
  test: {
    name: 'apps',
    include: ['test/**/*.test.ts'],
    exclude: process.env.INTERPEER_APPS === 'all' ? [] : networks,
    fileParallelism: false,
    sequence: { groupOrder: 2 },
    testTimeout: 60_000,
  },
})
