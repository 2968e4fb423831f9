import { closeSharedRuntime } from '../../apps/src/site/site-in-process.ts'
import { firstPage } from '../apps/first-page.ts'
import { edit, logIn } from '../apps/mediawiki-edits.ts'
import { inTurns, view, withBoth } from '../apps/pages.ts'
import { readsPerSecond } from '../apps/reads.ts'
import type { Figure } from '../figures.ts'

const NATIVE = { dokuwiki: '/lib/tpl/dokuwiki/images/favicon.ico', mediawiki: '/resources/assets/mediawiki.png' }

/**
 * Real applications, as the recipes build them. `BENCH_APPS=pages`, `rps` or `first-page` measures that alone.
 *
 * - `dokuwiki-view`, `mediawiki-main`, `mediawiki-save`: one page, or one edit, in this process, from the request to its answer and the site ready for the next, PHP
 *   restored each time; beside the same site on the machine's own `php -S` with opcache, asked in turns.
 * - `rps`: pages of WordPress per second through gateway and one seeder, both processes of their own, beside the WordPress team's server with as many workers as ours
 *   has readers, on the same machine in turns. Ours reads with PHP as the image has it, sends each answer encrypted and signed, and checks it.
 * - `first-page`: MediaWiki's main page from a peer that has just taken a seat and never ran the site.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const steps = { say, signal }
  const wanted = process.env.BENCH_APPS
  const figures: Figure[] = []
  if (wanted === undefined || wanted === 'pages') {
    try {
      figures.push(
        await withBoth('dokuwiki', NATIVE.dokuwiki, (both) =>
          inTurns('apps/dokuwiki-view', 100, both, steps, (visitor) => view(visitor, '/doku.php?id=start')),
        ),
        ...(await withBoth('mediawiki', NATIVE.mediawiki, async (both) => {
          const main = await inTurns('apps/mediawiki-main', 40, both, steps, (visitor) => view(visitor, '/wiki/Main_Page'))
          for (const visitor of [both.ours, both.native]) await logIn(visitor)
          const save = await inTurns('apps/mediawiki-save', 30, both, steps, (visitor, turn) => edit(visitor, `Bench_${turn + 9}`))
          return [main, save]
        })),
      )
    } finally {
      await closeSharedRuntime()
    }
  }
  if (wanted === undefined || wanted === 'rps') figures.push(await readsPerSecond(steps))
  if (wanted === undefined || wanted === 'first-page') figures.push(await firstPage(steps))
  await closeSharedRuntime()
  return figures
}
