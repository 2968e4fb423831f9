// Each application in a group of five of one network, through the gateway, driven in Chromium: across a hand-over, and with a member killed.
import { afterAll, describe, expect, type TestContext, test } from 'vitest'
import { AppsInNetwork } from '../src/apps-in-network.ts'
import type { Visitor } from '../src/visitor.ts'
import { chosenApps } from './chosen-apps.ts'
import { dokuwiki } from './sessions/dokuwiki.ts'
import { hoteldruid } from './sessions/hoteldruid.ts'
import { mediawiki } from './sessions/mediawiki.ts'
import type { Group, Session, Step } from './sessions/session.ts'
import { shaarli } from './sessions/shaarli.ts'
import { wordpress } from './sessions/wordpress.ts'
import { siteUnderTest } from './site-under-test.ts'

/** What matters most comes first. */
const sessions = [mediawiki, dokuwiki, wordpress, shaarli, hoteldruid].filter(({ name }) => chosenApps?.includes(name) ?? true)
/** Applications that come up later than this after the start are left to `npm run test:apps`, which has no such limit. The first is never left out. */
const BUDGET_MS = chosenApps !== undefined ? Number.POSITIVE_INFINITY : 1_000 * Number(process.env.APPS_SECONDS ?? 60)
/** Longer than whatever is waited for: that gives up first, and says what it was. */
const [START_MS, STEP_MS] = [420_000, 420_000]

interface Running {
  readonly visitor: Visitor
  readonly group: Group
  /** Who had the seats when it was published. */
  readonly members: readonly string[]
  hasFailed: boolean
}
const running = new Map<Session, Running>()
const beganMs = performance.now()
let network: AppsInNetwork | undefined
let isMemberKilled = false
afterAll(async () => {
  const done = [...running].map(([{ name }, { hasFailed }]) => `${name}${hasFailed ? ' (failed)' : ''}`)
  console.info(`applications in a network: ${done.join(', ')}; ${Math.round((performance.now() - beganMs) / 1_000)} s`)
  await network?.stop()
})

for (const session of sessions) {
  const { name, steps } = session
  describe(name, () => {
    test('a group of five serves it', (context) => begin(session, context), START_MS)
    for (const step of steps) test(step.what, (context) => take(session, step, context), STEP_MS)
  })
}

describe('after a hand-over and with a member killed', () => {
  for (const session of sessions) {
    for (const step of session.later) test(`${session.name}: ${step.what}`, (context) => takeLater(session, step, context), STEP_MS)
  }
})

async function begin(session: Session, context: TestContext): Promise<void> {
  const { name } = session
  if (performance.now() - beganMs > BUDGET_MS && running.size > 0) context.skip('no time is left for it: npm run test:apps')
  const site = await siteUnderTest(name)
  if (site === undefined) return context.skip()
  if (network === undefined) network = await AppsInNetwork.start(site, name)
  else await network.publish(site, name)
  const here = network
  const group: Group = {
    fetch: (path) => here.fetch(name, path),
    expectAtAllMembers: (path, text) => here.expectAtAllMembers(name, path, text),
  }
  running.set(session, { visitor: await here.visit(name), group, members: await here.members(name), hasFailed: false })
}

/** A step needs those before it. */
async function take(session: Session, { run }: Step, context: TestContext): Promise<void> {
  const app = running.get(session)
  if (app === undefined || app.hasFailed) return context.skip()
  app.hasFailed = true
  try {
    await run(app.visitor, app.group)
    expect(app.visitor.takeTrouble().filter((trouble) => !session.ownError?.test(trouble))).toEqual([])
    app.hasFailed = false
  } finally {
    if (app.hasFailed) await app.visitor.shot('failed').catch(() => {})
  }
}

async function takeLater(session: Session, step: Step, context: TestContext): Promise<void> {
  const app = running.get(session)
  if (network === undefined || app === undefined || app.hasFailed) return context.skip()
  await network.handedOver(session.name, app.members)
  if (!isMemberKilled) await network.killMemberOf([...running].filter(([, { hasFailed }]) => !hasFailed).map(([{ name }]) => name))
  isMemberKilled = true
  await take(session, step, context)
}
