import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whatever a package's vectors hold: hexadecimal as bytes, other text as UTF-8, each once. */
export function seedsIn(root: string, packageName: string): Uint8Array[] {
  const found = new Set<string>()
  for (const file of globSync(`packages/${packageName}/vectors/**/*.json`, { cwd: root }).sort()) {
    gather(JSON.parse(readFileSync(join(root, file), 'utf8')), found)
  }
  return [...found].map((text) => new Uint8Array(/^([0-9a-f]{2})+$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text)))
}
function gather(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') found.add(value)
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) gather(item, found)
}
