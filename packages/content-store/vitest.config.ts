import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// The time is for a loaded machine: the longest test takes two seconds on an idle one.
export default defineConfig({
  resolve: { alias: { 'aegir/chai': fileURLToPath(new URL('test/aegir-chai.js', import.meta.url)) } },
  test: {
    name: 'content-store',
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    server: { deps: { inline: ['interface-blockstore-tests'] } }, // so that the alias holds in it
  },
})
