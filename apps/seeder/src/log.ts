import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { destination, type Logger, pino } from 'pino'

/** Logs go to a file: stdout belongs to the ready line. */
export function openLog(folder: string, level: string): Logger {
  mkdirSync(folder, { recursive: true })
  return pino({ level, base: null }, destination({ dest: join(folder, 'peer.log'), sync: true }))
}
