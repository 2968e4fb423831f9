import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isConserved, type Running, startNetwork, until } from './running-network.js'

const PAYER = fileURLToPath(new URL('../sites/payer', import.meta.url))

let running: Running
beforeAll(async () => {
  process.env.INTERPEER_READ_CHECKS = '1000' // the gateway has every page run again
  // who is killed, or late on a busy machine, has a bad rating: here it keeps its seats nevertheless
  running = await startNetwork({ settings: { ratingMinPerMille: 100 } })
})
afterAll(async () => void (await running?.stop()))

/** Whether all coins were accounted for whenever it was looked. */
let areConserved = true
const statusNow = async () => {
  const status = await running.status()
  areConserved &&= isConserved(status)
  return status
}
const membersNow = async () => (await statusNow()).jobs[0]?.members.map(({ peerId }) => peerId) ?? []

test('a read is answered by one peer, which says who it is and on which state it ran', async () => {
  const { status, headers } = await running.network.fetch('/')
  expect(status).toBe(200)
  expect(headers['interpeer-peer']).toMatch(/^z6Mk/)
  expect(headers['interpeer-state']).toMatch(/^bafy/)
  expect(headers['interpeer-certificate']).toBeUndefined()
})

test('an edit is agreed by the group, and every member then shows it', async () => {
  const saved = await running.savePage('First', 'the first text')
  expect(saved.status).toBe(303)
  expect(saved.certificate).toMatch(/^[0-9a-f]{64}$/)
  // a hand-over may come between: then all five are asked again
  await until('each of the five members shows it', async () => {
    const members = await membersNow()
    const pages = await Promise.all(members.map((member) => running.readPage('First', member)))
    return pages.every(({ peer, text }, i) => peer === members[i] && text.includes('the first text')) && members.length === 5
  })
})

test('the uploader reads what the edit took at the members, told once', async () => {
  await until('most of the group logged it', async () => {
    const lines = (await running.network.logs('wiki')) as readonly {
      ran?: string
      method?: string
      status?: number
      members: readonly string[]
    }[]
    const edits = lines.filter(({ ran, method, status }) => ran === 'write' && method === 'POST' && status === 303)
    return edits.some(({ members }) => new Set(members).size >= 3)
  })
})

test('a request that names a stranger, a page that is not there, an unknown site and a huge request get pages that say so', async () => {
  const stranger = await running.network.fetch('/', { headers: { 'interpeer-peer': 'not a peer' } })
  expect(stranger.status).toBe(400)
  expect((await running.readPage('Nowhere')).status).toBe(404)
  const unknown = await running.network.fetch('/', { host: 'nosuch.localhost' })
  expect(unknown.status).toBe(404)
  expect(unknown.headers['interpeer-error']).toBe('SITE_UNKNOWN')
  const huge = await running.network.fetch('/', { method: 'POST', body: new Uint8Array(17 * 1024 * 1024) })
  expect(huge.status).toBe(413)
})

test('the long address leads to the site’s own origin', async () => {
  const { status, headers } = await running.network.fetch('/wiki/x?page=First', { host: 'localhost' })
  expect(status).toBe(307)
  expect(headers.location).toBe(`http://wiki.localhost:${running.network.gatewayPort}/x?page=First`)
})

/** Before whatever happens to its group: where the three rotations begin. */
let before: { readonly epoch: number; readonly members: ReadonlySet<string> }
const epochNow = async () => (await statusNow()).jobs[0]?.epoch ?? 0
const nameOf = (peer: string | undefined) => running.network.seeders.find(({ peerId }) => peerId === peer)?.name ?? ''
/** A member that has just come may be behind for a moment. */
const untilShown = (page: string, text: string) =>
  until(`${page} is shown`, async () => {
    const shown = await running.readPage(page)
    return shown.status === 200 && shown.text.includes(text)
  })

test('each of the five is killed once while edits arrive: none that was acknowledged is lost, and each comes back from its disk', async () => {
  before = { epoch: await epochNow(), members: new Set(await membersNow()) }
  expect((await running.savePage('Rotated', 'before the rotations')).status).toBe(303)
  const victims = await membersNow() // whoever collates is among them
  const saved: string[] = []
  for (const [i, victim] of victims.entries()) {
    const name = nameOf(victim)
    const edits = Array.from({ length: 3 }, (_, k) => `Kill-${i}-${k}`)
    const killing = new Promise<void>((resolve) => setTimeout(() => void running.network.killSeeder(name).then(resolve), 40 * i))
    for (const page of edits) if ((await running.savePage(page, `text of ${page}`)).status === 303) saved.push(page)
    await killing
    await running.network.startSeeder(name)
    await until('it hosts or stands by again', async () => (await statusNow()).peers.some((peer) => peer.peerId === victim && peer.online))
  }
  expect(saved.length).toBe(15)
  for (const page of saved) await untilShown(page, `text of ${page}`)
})

test('after three full rotations every edit is there, on peers that were not members when it was made', async () => {
  await until('fifteen hand-overs', async () => (await epochNow()) >= before.epoch + 15)
  for (const page of ['First', 'Rotated', 'Kill-0-0', 'Kill-4-2'])
    await untilShown(page, page === 'Rotated' ? 'before the rotations' : 'text')
  await until('a peer that was no member then shows the edit', async () => {
    const stranger = (await membersNow()).find((member) => !before.members.has(member)) ?? ''
    const page = await running.readPage('Rotated', stranger)
    return page.peer === stranger && page.text.includes('before the rotations') // false when it left its seat meanwhile
  })
})

test('who follows the chain proves whom a seat fell to', async () => {
  const seat = JSON.parse(await running.network.command('visitor', 'chain', 'proof', 'seat', 'wiki/0', '--json'))
  expect(seat).toMatchObject({ what: 'seat', peer: expect.stringMatching(/^z6Mk/), block: expect.stringMatching(/^[0-9a-f]{64}$/) })
})

test('members are paid, and every coin is accounted for', async () => {
  await until('five are paid', async () => (await statusNow()).peers.filter(({ balance }) => BigInt(balance) > 0n).length >= 5)
  expect(areConserved).toBe(true)
})

test('of the pages that a second member ran again, none came out otherwise, through edits and hand-overs', async () => {
  await until('some were', async () => {
    await running.readPage('Rotated')
    return (await running.status()).readChecks.same >= 10
  })
  const { readChecks, jobs } = await running.status()
  expect(readChecks.contradicted).toBe(0)
  expect(jobs.flatMap(({ falseReads }) => falseReads)).toEqual([])
})

test('two members gone at once: the next epoch recovers, and every acknowledged edit is there', async () => {
  const saved = await running.savePage('Before-recovery', 'must survive')
  expect(saved.status).toBe(303)
  const gone = (await membersNow()).slice(0, 2)
  const names = running.network.seeders.filter(({ peerId }) => gone.includes(peerId)).map(({ name }) => name)
  await Promise.all(names.map((name) => running.network.killSeeder(name)))
  await until('a write goes through again', async () => (await running.savePage('After-recovery', 'goes on')).status === 303)
  await untilShown('Before-recovery', 'must survive')
  await untilShown('After-recovery', 'goes on')
  for (const name of names) await running.network.startSeeder(name)
  await statusNow()
  expect(areConserved).toBe(true)
})

test('a site pays from its own account: once, when its next seat changes, whatever the group does meanwhile; and reads of its balance are the same at all', async () => {
  const PAYEE = '5a'.repeat(32)
  await running.network.publish(PAYER, 'payer', 3)
  const host = 'payer.localhost'
  const unitsOf = ({ status, body }: Awaited<ReturnType<typeof running.write>>) => (status === 200 ? body.toString() : `status ${status}`)
  const units = async () => unitsOf(await running.network.fetch('/', { host }))
  const pay = async (amount: bigint, to = PAYEE) => unitsOf(await running.write(`/?to=${to}&units=${amount}`, { host }))
  const balance = async () => (await pay(1n, 'none')).split('\n').at(-1) ?? ''
  await until('it may pay', async () => /^[1-9]\d*$/.test(await balance()))
  const left = await pay(2_000_000_000n)
  expect(left).toMatch(/^\d+$/)
  expect(await pay(10n ** 18n)).toContain('is more than the balance')
  const held = async () => BigInt(JSON.parse(await running.network.command('visitor', 'account', 'show', PAYEE, '--json')).balance)
  await until('the chain has moved it', async () => (await held()) > 0n)
  expect(await held()).toBe(2_000_000_000n - 10_000_000n)
  await until('it was read', async () => /^\d+$/.test(await units()))
  const { readChecks } = await running.status()
  expect(readChecks.contradicted).toBe(0)
  await statusNow()
  expect(areConserved).toBe(true)
})

test('after all that nobody’s account was ended, and nobody’s results were called false: who was killed says nothing twice', async () => {
  const { peers } = await running.status()
  expect(peers.filter(({ standing }) => standing !== 'joined')).toEqual([])
  expect(peers.filter(({ ratings }) => ratings.agreement < 1_000)).toEqual([])
})
