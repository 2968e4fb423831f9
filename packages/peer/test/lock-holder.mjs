// Takes the lock of a folder, says what came of it, and holds it until it is killed. Runs from source.
import { registerHooks } from 'node:module'

registerHooks({ resolve: (name, context, next) => next(name.startsWith('.') ? name.replace(/\.js$/, '.ts') : name, context) })
const { lockFolder } = await import('../src/node/process-lock.js')
try {
  lockFolder(process.argv[2])
  process.send?.('locked')
} catch (error) {
  process.send?.(error.code ?? String(error))
}
setInterval(() => {}, 1_000)
