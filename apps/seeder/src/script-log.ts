import type { ScriptRequest, ScriptRuntime } from '@interpeer/peer'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import type { Logger } from 'pino'

const LOGGED_MAX_CHARACTERS = 4_000

/** The runtime, with PHP's own error log written to the peer's: whoever runs a site of their own looks there when a page fails. */
export function withScriptLog(runtime: PhpRuntime, log: Logger): ScriptRuntime {
  const run: ScriptRuntime['run'] = async (root, request: ScriptRequest, at, options) => {
    const outcome = await runtime.run(root, request, at, options)
    const facts = { method: request.method, target: request.target.slice(0, 200), host: request.host }
    if (outcome.type === 'abstained') log.warn({ ...facts, reason: outcome.reason }, 'a script was given up on this machine')
    else if (outcome.log !== '')
      log.warn({ ...facts, status: outcome.status, script: outcome.log.slice(0, LOGGED_MAX_CHARACTERS) }, 'a script complained')
    return outcome
  }
  return {
    runtimeId: runtime.runtimeId,
    readers: runtime.readers,
    has: (root) => runtime.has(root),
    load: (root, files, directories) => runtime.load(root, files, directories),
    derive: (root, from, changes) => runtime.derive(root, from, changes),
    forget: (root) => runtime.forget(root),
    run,
    close: () => runtime.close(),
  }
}
