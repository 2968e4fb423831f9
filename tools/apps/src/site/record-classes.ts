import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimes } from './site-folder.ts'
import { SiteInProcess } from './site-in-process.ts'

/** What warm-up.php reads. */
const LIST = 'warm-up-classes.txt'
const RECORDED = 'recorded-classes.txt'
/** Asked before every script of the site, in the same run. */
const ROUTER = `<?php
register_shutdown_function(function () {
    $names = array_merge(get_declared_classes(), get_declared_interfaces(), get_declared_traits());
    $ours = array_filter($names, fn ($name) => (new ReflectionClass($name))->isUserDefined() && preg_match('~^[\\w\\\\\\\\]+$~D', $name));
    file_put_contents('/site/public/${RECORDED}', implode("\\n", $ours) . "\\n", FILE_APPEND);
});
return false;
`

/**
 * Notes which classes a site's scripts have while `visit` asks for pages and sends forms, for warm-up.php to load them: warm-up requests are GET requests of nobody,
 * and what only an edit or a log-in loads would be compiled anew in each. Nothing else of the visit stays.
 * @param configuration of the site while it is visited
 */
export async function recordClasses(site: string, configuration: object, visit: (site: SiteInProcess) => Promise<void>): Promise<void> {
  const [router, own] = [join(site, 'recorder.php'), join(site, 'interpeer.json')]
  const before = readFileSync(own)
  writeFileSync(router, ROUTER)
  writeFileSync(own, JSON.stringify({ ...configuration, router: 'recorder.php' }))
  try {
    setTimes(site)
    const running = await SiteInProcess.open(site)
    await visit(running)
    const { status, text } = await running.ask(`/${RECORDED}`)
    running.close()
    const names = [...new Set(text.split('\n'))].filter((name) => name !== '').sort()
    if (status !== 200 || names.length === 0) throw new Error(`no classes were recorded: ${status}`)
    writeFileSync(join(site, LIST), `${names.join('\n')}\n`)
  } finally {
    writeFileSync(own, before)
    rmSync(router)
  }
}
