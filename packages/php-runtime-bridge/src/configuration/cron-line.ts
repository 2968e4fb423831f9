import { type CronSchedule, parseSchedule } from './cron-schedule.js'
import type { JsonString, JsonValue } from './json-text.js'
import { foundIn, objectOf, rowsOf, type Shape, textLike } from './shape.js'

export const CRON_LINES_MAX = 32

/** One line of a site's `cron`: a GET request that the group makes when it is due. */
export interface CronLine {
  /** Five fields, UTC. */
  readonly schedule: string
  readonly target: string
}

const schedule: Shape<string> = {
  ...textLike({ allowed: 'five fields such as "*/5 * * * *"', pattern: '^[^ \\t]+(?:[ \\t]+[^ \\t]+){4}$', maxLength: 256 }),
  read: (value, name, report) => {
    const text = value.type === 'string' ? value.value : undefined
    const fault =
      text === undefined || text.length > 256
        ? { at: 0, found: foundIn(value), allowed: 'five fields such as "*/5 * * * *"' }
        : parseSchedule(text)
    if (!('allowed' in fault)) return text
    // the place within the text, unless escapes move it
    const start = value.start + (value.end - value.start === (text?.length ?? 0) + 2 && fault.at > 0 ? 1 + fault.at : 0)
    report({ start, end: value.end }, { name, found: fault.found, allowed: fault.allowed })
    return undefined
  },
}

/** The lines of a site's `cron`; both keys of each must be there. */
export function cronLines(target: Shape<string>): Shape<readonly CronLine[]> {
  const line = objectOf({
    schedule: { shape: schedule, about: 'Minute, hour, day of the month, month and day of the week, as in a crontab; UTC.' },
    target: { shape: target, about: 'Path and query of the GET request that is made then.' },
  })
  const row: Shape<CronLine> = {
    allowed: 'an object with "schedule" and "target"',
    schema: { ...line.schema, required: ['schedule', 'target'] },
    read: (value, name, report) => {
      const read = line.read(value, name, report)
      if (read === undefined) return undefined
      const missing = lackingKey(value)
      if (missing !== undefined) report(value, { name, found: `no "${missing}"`, allowed: 'both "schedule" and "target"' })
      return read.schedule === undefined || read.target === undefined ? undefined : { schedule: read.schedule, target: read.target }
    },
  }
  return rowsOf(row, CRON_LINES_MAX)
}

function lackingKey(value: JsonValue): string | undefined {
  const keys: readonly JsonString[] = value.type === 'object' ? value.members.map(({ key }) => key) : []
  return ['schedule', 'target'].find((name) => keys.every((key) => key.value !== name))
}

/** The lines of a checked configuration, as the group plans by them. */
export function plannedLines(lines: readonly CronLine[]): readonly { readonly schedule: CronSchedule; readonly target: string }[] {
  return lines.flatMap(({ schedule: text, target }) => {
    const read = parseSchedule(text)
    return 'allowed' in read ? [] : [{ schedule: read, target }]
  })
}
