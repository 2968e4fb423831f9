import { execFileSync } from 'node:child_process'
import type { Bundle } from './bundle.ts'

/** The names of all targets in a bundle: they are known only inside it, where the packages' sources can be loaded. */
export function listTargets({ code }: Pick<Bundle, 'code'>): readonly string[] {
  return JSON.parse(execFileSync(process.execPath, [code, 'list'], { encoding: 'utf8' }))
}
