import { copyFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'
import { ICU_DATA } from './src/node/icu-data.ts'

export default defineConfig({
  ...library,
  entry: ['src/index.ts', 'src/node/index.ts', 'src/node/worker.ts'],
  platform: 'node',
  // The one file that is wanted of @php-wasm/node, which would bring every PHP since 5.2 with it.
  async onSuccess() {
    const folder = dirname(createRequire(import.meta.url).resolve('@php-wasm/node/package.json'))
    await copyFile(join(folder, 'shared/icu.dat'), join('dist', ICU_DATA))
  },
})
