import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from '@interpeer/crypto-ids'
import { PROGRAM_VERSION } from '@interpeer/vote-chain'
import { afterEach, expect, test, vi } from 'vitest'
import { program } from '../src/commands.js'

afterEach(() => void vi.unstubAllEnvs())
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

/** What `peer start` is given by those words and the environment, or the code of what was refused. */
async function started(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const root = program()
  for (const one of [root, ...root.commands.flatMap((noun) => noun.commands)]) one.configureOutput({ writeErr: () => {} })
  let given: unknown
  const command = root.commands.find((one) => one.name() === 'peer')?.commands.find((one) => one.name() === 'start')
  command?.action((options: unknown) => {
    given = options
  })
  try {
    await root.parseAsync(['peer', 'start', '--data', 'd', '--genesis', 'g', ...words], { from: 'user' })
    return given
  } catch (error) {
    return { code: (error as { code?: unknown }).code }
  }
}

test.each([
  ['1', true],
  ['true', true],
  ['TRUE', true],
  ['0', false],
  ['false', false],
  ['', false],
])('INTERPEER_OUTBOX_PRIVATE=%s: %s', async (value, isOn) => {
  const given = await started([], { INTERPEER_OUTBOX_HTTP: value, INTERPEER_OUTBOX_PRIVATE: value })
  expect(given).toMatchObject({ outboxHttp: isOn, outboxPrivate: isOn })
})

test('what neither turns on nor off is refused; a flag holds over the environment', async () => {
  for (const word of ['no, thanks', 'constructor'])
    expect(await started([], { INTERPEER_OUTBOX_PRIVATE: word }), word).toEqual({ code: 'commander.invalidArgument' })
  expect(await started(['--outbox-private'], { INTERPEER_OUTBOX_PRIVATE: '0' })).toMatchObject({ outboxPrivate: true })
  vi.unstubAllEnvs()
  expect(await started(['--outbox-http', '--outbox-private'])).toMatchObject({ outboxHttp: true, outboxPrivate: true })
  expect(await started([])).not.toHaveProperty('outboxPrivate')
})

test('no option that is on by being there takes its variable for the same', () => {
  const every = (command: ReturnType<typeof program>): ReturnType<typeof program>[] => [command, ...command.commands.flatMap(every)]
  const options = every(program()).flatMap((command) => command.options)
  expect(options.filter(({ envVar }) => envVar !== undefined).length).toBeGreaterThan(5)
  expect(options.filter(({ envVar, required, optional }) => envVar !== undefined && !required && !optional)).toEqual([])
})

test('help says what has to be given, and no default that only programs read', () => {
  type Program = ReturnType<typeof program>
  const every = (command: Program): Program[] => [command, ...command.commands.flatMap(every)]
  for (const command of every(program())) {
    const help = command.helpInformation().replaceAll(/\s+/g, ' ')
    expect(help, command.name()).not.toMatch(/default: (?:\[\]|"")/)
    expect(help.match(/\(required\)/g)?.length ?? 0, command.name()).toBe(command.options.filter(({ mandatory }) => mandatory).length)
  }
  expect(every(program()).flatMap(({ options }) => options.filter(({ mandatory }) => mandatory)).length).toBeGreaterThan(20)
})

test('where a folder lay is said by an absolute path', () => {
  const site = program().commands.find((one) => one.name() === 'site')
  const root = site?.commands.find((one) => one.name() === 'import')?.options.find(({ long }) => long === '--root')
  expect(root?.parseArg?.('/app', ['/srv/a'])).toEqual(['/srv/a', '/app'])
  for (const text of ['', '/', 'app']) expect(() => root?.parseArg?.(text, undefined), text).toThrow('absolute path')
})

test('a genesis is not written over', async () => {
  const base = mkdtempSync(join(tmpdir(), 'interpeer-genesis-'))
  try {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const out = join(base, 'genesis.json')
    const founder = createSigner(new Uint8Array(32).fill(7)).peerId
    const create = () => program().parseAsync(['network', 'create', '--out', out, '--peer', founder], { from: 'user' })
    await create()
    const first = readFileSync(out, 'utf8')
    await expect(create()).rejects.toMatchObject({ code: 'EEXIST' })
    expect(readFileSync(out, 'utf8')).toBe(first)
  } finally {
    vi.restoreAllMocks()
    rmSync(base, { recursive: true })
  }
})

test('--version says which program this is, and which rules it knows', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const done = await program()
    .parseAsync(['--version'], { from: 'user' })
    .catch((error: unknown) => error)
  const text = printed.mock.calls.join('')
  printed.mockRestore()
  expect(done).toMatchObject({ code: 'commander.version', exitCode: 0 })
  expect(text).toBe(`${version} (rules of the network up to version ${PROGRAM_VERSION})\n`)
})
