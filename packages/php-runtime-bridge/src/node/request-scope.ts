import type { SiteConfiguration } from '../configuration/site-configuration.js'
import type { ChildJobRecord } from '../host-calls/child-task.js'
import { EffectList } from '../host-calls/effects.js'
import type { SlotLimits } from '../limits.js'
import type { ScriptRequest } from '../request.js'
import type { RunKind } from '../run-queue.js'
import type { AgreedPoint } from './execute.js'
import type { HostServices } from './host-context.js'
import type { PhpInstance, Snapshot } from './php-instance.js'

/** PHP as the snapshot left it: an instance for each level, as a script waits while its child job runs. The request itself is level 0. */
export type PhpAtLevel = (level: number) => { readonly php: PhpInstance; readonly snapshot: Snapshot }

/** What all scripts of one request share: the request's own, its child jobs, and theirs. */
export interface RequestScope {
  readonly configuration: SiteConfiguration
  readonly request: ScriptRequest
  readonly at: AgreedPoint
  readonly kind: RunKind
  readonly services: HostServices
  readonly php: PhpAtLevel
  /** Of one slot. */
  readonly limits: SlotLimits
  readonly effects: EffectList
  /** Child jobs that ended, in the order of their ends. */
  readonly childJobs: ChildJobRecord[]
  /** Outbox keys given out, and child jobs started: never taken back, so that none is there twice. */
  keys: number
  starts: number
}

export function requestScopeOf(
  given: Pick<RequestScope, 'configuration' | 'request' | 'at' | 'kind' | 'services' | 'php' | 'limits'>,
): RequestScope {
  return { ...given, effects: new EffectList(), childJobs: [], keys: 0, starts: 0 }
}
