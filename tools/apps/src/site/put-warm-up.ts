import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Puts `public/warm-up.php` into a site whose scripts look for what they change in more places than one: it copies `initial` to where that belongs, and calls a
 * page. Once a site has the folder `mutable`, which warm-up has not, it answers 404.
 */
export function putWarmUp(site: string, mutable: string): void {
  const script = readFileSync(new URL('warm-up.php', import.meta.url), 'utf8')
  writeFileSync(join(site, 'public/warm-up.php'), script.replace('/site/MUTABLE', `/site/${mutable}`))
}
