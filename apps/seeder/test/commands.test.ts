import { expect, test } from 'vitest'
import { program } from '../src/commands.js'

const start = () =>
  program()
    .commands.find((one) => one.name() === 'peer')
    ?.commands.find((one) => one.name() === 'start')

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
