import { closeSharedRuntime } from '../../apps/src/site/site-in-process.ts'
import { edit, logIn } from '../apps/mediawiki-edits.ts'
import { inTurns, view, withBoth } from '../apps/pages.ts'
import type { Figure } from '../figures.ts'

/**
 * Real applications, as the recipes build them.
 *
 * - `dokuwiki-view`, `mediawiki-main`, `mediawiki-save`: one page, or one edit, in this process, from the request to its answer and the site ready for the next, PHP restored each
 *   time; beside the same site on the machine's own `php -S` with opcache, asked in turns.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const options = { say, signal }
  try {
    return [
      await withBoth('dokuwiki', '/lib/tpl/dokuwiki/images/favicon.ico', (...both) =>
        inTurns('apps/dokuwiki-view', 100, both, options, (visitor) => view(visitor, '/doku.php?id=start', '</html>')),
      ),
      ...(await withBoth('mediawiki', '/resources/assets/mediawiki.png', async (...both) => {
        const main = await inTurns('apps/mediawiki-main', 40, both, options, (visitor) => view(visitor, '/wiki/Main_Page', '</html>'))
        for (const visitor of both.slice(0, 2)) await logIn(visitor as never)
        const save = await inTurns('apps/mediawiki-save', 30, both, options, (visitor, turn) => edit(visitor, `Bench_${turn + 9}`))
        return [main, save]
      })),
    ]
  } finally {
    await closeSharedRuntime()
  }
}
