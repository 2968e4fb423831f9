import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSmtpSink, type SmtpSink } from '../../../apps/seeder/test/outbox/smtp-sink.js'
import { type Running, startNetwork, until } from './running-network.js'

// Timers, cron lines and the outbox in a group of five real processes. One seeder's operator lets nobody send mail through it.
const MAILER = fileURLToPath(new URL('../sites/mailer', import.meta.url))
const SENDS_NOTHING = 'seeder-5'

let running: Running
let sink: SmtpSink
let members: readonly string[]
beforeAll(async () => {
  sink = await openSmtpSink()
  const mayMail = ['INTERPEER_OUTBOX_FROM=seeder@a.test', `INTERPEER_OUTBOX_SMTP=127.0.0.1:${sink.port}`]
  const launch = (program: string, words: readonly string[], name: string): readonly [string, readonly string[]] =>
    name === SENDS_NOTHING ? [program, words] : ['env', [...mayMail, program, ...words]]
  // a tenure that outlasts the tests: nobody hands over
  running = await startNetwork({ seeders: 5, group: 5, cycleMs: 1_000, tenureMs: 1_500_000, site: MAILER, name: 'mailer', launch })
  members = (await running.status()).jobs[0]?.members.map(({ peerId }) => peerId) ?? []
  expect(members).toHaveLength(5)
})
afterAll(async () => {
  await running?.stop()
  await sink?.close()
})

const register = async (name: string, more = ''): Promise<string> => {
  const { status, body } = await running.write(`/?name=${name}${more}`)
  return status === 200 ? body.toString() : `${status}`
}
async function logAt(member: string): Promise<readonly string[]> {
  const { status, body } = await running.network.fetch('/', { headers: { 'interpeer-peer': member } })
  return status === 200 ? body.toString().split('\n').filter(Boolean) : []
}
const countAt = async (member: string, line: string): Promise<number> => (await logAt(member)).filter((one) => one === line).length
const everyMember = async (line: string, which = members): Promise<boolean> =>
  (await Promise.all(which.map((member) => countAt(member, line)))).every((count) => count === 1)
const mailsTo = (name: string) => sink.mails.filter(({ to }) => to.includes(`${name}@a.test`))
const idsOf = (name: string) => new Set(mailsTo(name).map(({ text }) => /^Message-ID: (.*)$/m.exec(text)?.[1]))

test('a registration sends one mail, and a second later its timer greets, in every member’s state', async () => {
  expect(await register('ada')).toMatch(/^registered ada, job bafy/)
  await until('ada has her mail', async () => mailsTo('ada').length > 0)
  await until('ada is greeted at all members', () => everyMember('timer greets ada'))
  expect(mailsTo('ada')[0]?.text).toContain('From: mailer@a.test')
  expect(mailsTo('ada')[0]?.text).toContain('Hello ada')
})

test('a member is killed while mails wait: each arrives, once by its Message-ID, and the script is told that it is out', async () => {
  const victim = running.network.seeders.find(({ name }) => name !== SENDS_NOTHING)?.name ?? ''
  const names = Array.from({ length: 6 }, (_, i) => `guest-${i}`)
  for (const [i, name] of names.entries()) {
    expect(await register(name, '&answer')).toMatch(/^registered/)
    if (i === 2) await running.network.killSeeder(victim)
  }
  await until('every mail is out', async () => names.every((name) => mailsTo(name).length > 0))
  await running.network.startSeeder(victim)
  await until('all members know that they are', async () => {
    const logs = await Promise.all(members.map(logAt))
    return logs.every((log) => log.filter((line) => line === 'answer sent 250').length === names.length)
  })
  for (const name of names) expect([name, idsOf(name).size]).toEqual([name, 1])
  for (const name of names) await until(`${name} is greeted once`, () => everyMember(`timer greets ${name}`))
})

test('nobody can pose as the group', async () => {
  const { body } = await running.network.fetch('/cron.php?by=a+visitor', { headers: { 'interpeer-event': 'cron' } })
  expect(body.toString()).toBe('only the group runs this')
})

test('a line of cron runs once a minute in every member’s state', async () => {
  let lines: readonly string[] = []
  await until('the same line at all members', async () => {
    const logs = await Promise.all(members.map(logAt))
    lines = (logs[0] ?? []).filter((line) => line.startsWith('cron by the clock at '))
    return lines.length > 0 && logs.every((log) => `${log}` === `${logs[0]}`)
  })
  expect(new Set(lines).size).toBe(lines.length)
})
