import { expect, test } from 'vitest'
import { program } from '../src/commands.js'

const start = () =>
  program()
    .commands.find((one) => one.name() === 'peer')
    ?.commands.find((one) => one.name() === 'start')

test('where others reach a peer is told by a flag or the environment', () => {
  const option = start()?.options.find(({ long }) => long === '--advertise')
  expect(option?.parseArg?.('203.0.113.7:4000', undefined)).toEqual({ host: '203.0.113.7', port: 4_000 })
  expect(option?.envVar).toBe('INTERPEER_ADVERTISE')
  for (const text of ['example.org:4000', '0.0.0.0:4000', '203.0.113.7']) expect(() => option?.parseArg?.(text, undefined)).toThrow()
})

test('what the store may take is told by a flag or the environment, as people write sizes', async () => {
  const option = start()?.options.find(({ long }) => long === '--storage')
  expect(option?.parseArg?.('64GB', undefined)).toBe(64e9)
  expect(option?.envVar).toBe('INTERPEER_STORAGE')
  expect(start()?.helpInformation()).toMatch(/--storage <size>\s+most that the store may take, such as 64GB/)
  for (const size of ['63MB', 'much', '64']) {
    const silent = { writeErr: () => {}, writeOut: () => {} }
    const root = program().configureOutput(silent)
    for (const noun of root.commands) for (const verb of noun.commands) verb.configureOutput(silent)
    const started = root.parseAsync(['node', 'interpeer', 'peer', 'start', '--data', 'd', '--genesis', 'g', '--storage', size])
    await expect(started, size).rejects.toMatchObject({ code: 'commander.invalidArgument' })
  }
})
