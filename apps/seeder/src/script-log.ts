import type { ScriptRequest, ScriptRuntime } from '@interpeer/peer'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import type { Logger } from 'pino'

/**
 * The runtime, with what this machine could not do written to the peer's log. What scripts say stays in memory, for who published them
 * (`interpeer job logs`): it can hold what visitors sent, and a script can write without end.
 */
export function withScriptLog(runtime: PhpRuntime, log: Logger): ScriptRuntime {
  const run: ScriptRuntime['run'] = async (root, request: ScriptRequest, at, options) => {
    const outcome = await runtime.run(root, request, at, options)
    if (outcome.type === 'abstained') log.warn({ host: request.host, reason: outcome.reason }, 'a script was given up on this machine')
    return outcome
  }
  return {
    runtimeId: runtime.runtimeId,
    readers: runtime.readers,
    has: (root) => runtime.has(root),
    load: (...tree) => runtime.load(...tree),
    prepare: async (root) => {
      if (!(await runtime.prepare(root))) log.warn({ root }, 'the image of a site could not be made on this machine')
    },
    derive: (root, from, changes) => runtime.derive(root, from, changes),
    forget: (root) => runtime.forget(root),
    cron: (root) => runtime.cron(root),
    run,
    close: () => runtime.close(),
  }
}
