import { type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import { type Agenda, type DueEvent, dueEvents, NO_AGENDA, type Schedule, withCron, withoutEvent, withWishes } from '@interpeer/peer-group'
import type { AfterEffect, Effect, ScriptEvent, ScriptRequest } from '@interpeer/php-runtime-bridge'

/** Something that no visitor asked for, as the group would have it run. `word`: what it is called where runs are told. */
export interface Planned {
  readonly word: 'TIMER' | 'CRON' | 'ANSWER'
  readonly request: ScriptRequest
}
type Lines = readonly { readonly schedule: Schedule; readonly target: string }[]

/** What a site has planned on this machine: timers, and the lines of its configuration. By the group's own rules and bounds; forgotten when the program ends. */
export class DevPlan {
  #agenda: Agenda = NO_AGENDA
  #lines = ''
  readonly #args = new Map<ContentId, Uint8Array>()

  /** When the next is due; Infinity: nothing is. */
  get nextMs(): number {
    return this.#agenda.nextMs
  }

  /** The lines of the configuration as it is now: others count from now. */
  readLines(lines: Lines, timeMs: number): void {
    const text = JSON.stringify(lines.map(({ schedule, target }) => [target, { ...schedule, minutes: [...schedule.minutes] }]))
    if (text === this.#lines) return
    this.#lines = text
    this.#agenda = withCron(this.#agenda, lines, timeMs)
  }

  /** Plans the timers that a run asked for. @returns false where no group has room for them: it would have answered 503, and nothing is planned */
  take(effects: readonly Effect[], timeMs: number): boolean {
    const timers = effects.filter((effect): effect is AfterEffect => effect.type === 'after')
    const wishes = timers.map(({ name, seconds, script, args }) => ({
      ...{ type: 'timer' as const, name, seconds, script },
      args: contentIdOf(args, 'raw'),
    }))
    const planned = withWishes(this.#agenda, wishes, timeMs)
    if (planned === undefined) return false
    for (const { args } of timers) this.#args.set(contentIdOf(args, 'raw'), args)
    this.#agenda = planned
    return true
  }

  /** The first thing that is due, which is not planned any more then; a line is planned again. */
  next(timeMs: number): Planned | undefined {
    const [event] = dueEvents(this.#agenda, timeMs)
    if (event === undefined) return undefined
    const planned = this.#requestOf(event)
    this.#agenda = withoutEvent(this.#agenda, event, timeMs)
    const used = new Set(this.#agenda.timers.map(({ args }) => args))
    for (const cid of this.#args.keys()) if (!used.has(cid)) this.#args.delete(cid)
    return planned
  }

  #requestOf(event: DueEvent): Planned | undefined {
    if (event.type === 'cron') return { word: 'CRON', request: requestOf(event.line.target, { type: 'cron' }) }
    if (event.type === 'unsent') return undefined // nothing waits in an outbox here
    const { script, args } = event.timer
    return {
      word: 'TIMER',
      request: requestOf(`/${encodeURI(script)}`, { type: 'timer', script, args: this.#args.get(args) ?? new Uint8Array() }),
    }
  }
}

/** A script's request that is no visitor's: nobody's host. */
export const requestOf = (target: string, event: ScriptEvent): ScriptRequest => ({
  ...{ method: 'GET', target, host: 'localhost', https: false, headers: [], body: new Uint8Array() },
  event,
})
