// One of the processes that main.mjs runs seeds in.
import { allPlanted } from './hooks.mjs'

const { serve } = await import('./src/command/worker.ts')
serve(allPlanted)
