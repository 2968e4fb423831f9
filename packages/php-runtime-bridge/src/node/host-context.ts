import { createHash } from 'node:crypto'
import type { EffectKind } from '../configuration/fields.js'
import { CONFIGURATION_FILE } from '../configuration/reserved.js'
import { SyscallFailure } from '../errno.js'
import type { ChildTask } from '../host-calls/child-task.js'
import type { FoundContent, HostContext } from '../host-calls/host-calls.js'
import { isSitePath, PATH_UNITS_MAX } from '../path.js'
import { SITE_FOLDER } from '../php-ini.js'
import { runChild } from './child-jobs.js'
import type { Kernel } from './kernel.js'
import type { RequestScope } from './request-scope.js'
import { PLAIN_BYTE_FUEL } from './syscalls/costs.js'

/** @returns undefined where this machine lacks it just now */
export type ContentReader = (cid: string) => FoundContent | undefined
/** What a host does for scripts beside running them. */
export interface HostServices {
  readonly carriedOut: ReadonlySet<EffectKind>
  readonly content: ContentReader | undefined
}

/** Such texts, of ASCII, are had quicker than by a decoder: the name of a call. */
const SHORT_NAME_BYTES = 64
const ASCII = /^[\0-\x7f]*$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Which script of a request. */
export interface ScriptPlace {
  /** 0: the request's own; else a child job of a script one level up. */
  readonly level: number
  /** Job slots that it has. */
  readonly slots: number
  readonly task?: ChildTask
}

/** What the host calls of one script see. */
export function hostContextOf(kernel: Kernel, scope: RequestScope, { level, slots: own, task }: ScriptPlace): HostContext {
  const { at, configuration, effects, services } = scope
  const read = (reader: ContentReader) => (cid: string) => {
    const found = reader(cid)
    return found === undefined ? kernel.halt({ type: 'abstain', reason: 'CONTENT_MISSING' }) : found
  }
  return {
    effects,
    refusalOf: (kind) => {
      if (!configuration.effects.includes(kind)) return `the site's ${CONFIGURATION_FILE} does not list it under "effects"`
      return services.carriedOut.has(kind) ? undefined : "this job's hosts do not carry it out, so it was not asked for"
    },
    job: at.job,
    balance: at.balance,
    content: services.content && read(services.content),
    scriptAt: (path) => scriptAt(kernel, path),
    nextKey: () =>
      createHash('sha256')
        .update(`interpeer outbox ${scope.keys++};`)
        .update(at.seed)
        .digest('hex'),
    runChild: (script, args, slots) => runChild(kernel, scope, { level, slots: own }, { script, args, slots }),
    task,
    forgetLibrary: () => kernel.guest.forgetLibrary(),
    chargeReading: (bytes) => kernel.fuel.charge(bytes * PLAIN_BYTE_FUEL),
    decode,
    encode: (text) => kernel.memory.encode(text),
  }
}

/** Links are followed: what is given back is where the script really is. */
function scriptAt(kernel: Kernel, path: string): string | undefined {
  if (path.length >= PATH_UNITS_MAX || path.includes('\0')) return undefined
  try {
    const place = kernel.world.files.place(path.startsWith('/') ? path : `${kernel.workingDirectory}/${path}`)
    const relative = place.path.slice(SITE_FOLDER.length + 1)
    if (!place.path.startsWith(`${SITE_FOLDER}/`) || !isSitePath(relative)) return undefined
    return place.node?.kind === 'file' ? relative : undefined
  } catch (error) {
    if (error instanceof SyscallFailure) return undefined
    throw error
  }
}

function decode(bytes: Uint8Array): string | undefined {
  if (bytes.length <= SHORT_NAME_BYTES) {
    const text = Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length)
    if (ASCII.test(text)) return text
  }
  try {
    return utf8.decode(bytes)
  } catch {
    // no UTF-8: the decoder is a fatal one
    return undefined
  }
}
