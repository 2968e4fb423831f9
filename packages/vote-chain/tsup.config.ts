import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

/** `light`: for clients that keep no state, browsers too. */
export default defineConfig({ ...library, entry: { index: 'src/index.ts', light: 'src/light/index.ts' } })
