import { readBatch } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { CookieVisitor } from '../src/cookie-visitor.ts'
import { GroupInProcess, groupTime } from '../src/group-in-process.ts'
import { readSiteFolder } from '../src/site/site-folder.ts'
import { chosenApps } from './chosen-apps.ts'
import { formSessions } from './form-sessions.ts'
import { siteUnderTest } from './site-under-test.ts'

// A group draws the time and the seed of each batch by its clocks and keys, so a session that two groups are visited with live is not the same session. It is once
// the batches are: a second group, of other keys, that has only the published site and the batches of the first, runs them again as after a recovery. It has to
// come to the same state after each step: the same files, answers and plans, to the bit.
const QUICK = ['dokuwiki', 'shaarli', 'hoteldruid']
const names = chosenApps ?? QUICK

for (const [name, session] of Object.entries(formSessions).filter(([name]) => names.includes(name))) {
  const folder = await siteUnderTest(name)
  test.runIf(folder)(
    `${name}: a session in one group of five, run again by a fresh one, comes to the same state after each step`,
    async () => {
      const site = readSiteFolder(folder as string)
      const first = await GroupInProcess.start('first', site)
      await session(new CookieVisitor((request) => first.ask(request), groupTime), (reply) => reply)
      const { steps, replay } = first
      await first.close()
      expect(steps.length).toBeGreaterThan(1)
      // each led to another, but those that ran nothing
      const ran = steps.filter(({ batch }) => {
        const { requests, events } = readBatch(batch).value
        return requests.length + events.length > 0
      })
      expect(new Set(ran.map(({ state }) => state)).size).toBe(ran.length)

      const second = await GroupInProcess.start('second', site, replay)
      await second.untilFinal(steps.length)
      // a line of cron may have become due since, and have a step of its own
      expect(second.steps.slice(0, steps.length)).toEqual(steps)
      await second.close()
    },
    600_000,
  )
}
