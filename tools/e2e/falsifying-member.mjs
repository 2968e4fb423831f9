// FALSIFY_IF=FILE node --import ./falsifying-member.mjs …: a seeder whose runtime says of every agreed request that it was answered otherwise than it was, for as
// long as that file exists. All else that it does is what every seeder does.
import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

const RUNTIME = '@interpeer/php-runtime-bridge/node'
const WRAPPED = '?falsifying'
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    return specifier === RUNTIME ? { ...found, url: found.url + WRAPPED } : found
  },
  load(url, context, next) {
    if (!url.endsWith(WRAPPED)) return next(url, context)
    const real = JSON.stringify(url.slice(0, -WRAPPED.length))
    const source = `import { startPhpRuntime as start } from ${real}
export * from ${real}
export const startPhpRuntime = async (options) => globalThis.falsifying(await start(options))`
    return { format: 'module', source, shortCircuit: true }
  },
})

globalThis.falsifying = (runtime) => {
  const run = async (root, request, at, options) => {
    const outcome = await runtime.run(root, request, at, options)
    const lies = options?.kind !== 'read' && outcome.type === 'answered' && existsSync(process.env.FALSIFY_IF)
    return lies ? { ...outcome, body: new TextEncoder().encode('what no script said') } : outcome
  }
  const bound = (value) => (typeof value === 'function' ? value.bind(runtime) : value)
  return new Proxy(runtime, { get: (_, name) => (name === 'run' ? run : bound(runtime[name])) })
}
