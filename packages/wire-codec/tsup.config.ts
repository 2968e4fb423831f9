import { defineConfig } from 'tsup'
import { shakeable } from '../../tsup.base.ts'

export default defineConfig(shakeable({ index: 'src/index.ts', cddl: 'src/cddl.ts', 'test-vectors': 'src/test-vectors.ts' }))
