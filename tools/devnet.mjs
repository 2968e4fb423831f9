// npm start: a whole network on this machine (see devnet/network.mjs). It prints each step, says when the site is ready, and
// stops every process on Ctrl-C.
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LocalNetwork } from './devnet/network.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const HELP = `npm start -- [FLAGS]
  --seeders N      peers that seed (7)
  --group N        peers that run the site (5)
  --cycle-ms MS    time between blocks (3000)
  --tenure-ms MS   time that a peer stays in a seat (group × 5 cycles: one seat changes every 15 s)
  --port P         where the gateway listens (8080, or the next free one)
  --data DIR       where keys, stores and logs are kept (.devnet in this folder); start again with the same folder to go on
  --site DIR       the folder of PHP to publish (examples/wiki)
  --name NAME      what the site is called (wiki)`

const CYCLES_PER_SEAT = 5
const options = readOptions()
const network = new LocalNetwork(options, (line) => console.log(line))
let stopping = false
async function stop(code) {
  if (stopping) return
  stopping = true
  await network.stop()
  process.exit(code)
}
process.on('SIGINT', () => {
  console.log('\nstopping …')
  void stop(0)
})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0))

try {
  await network.start()
  if (!stopping) console.log(`Interpeer is ready: http://${options.name}.localhost:${network.gatewayPort}/`)
} catch (error) {
  if (!stopping) {
    console.error(`The network did not start: ${error.message}\nLogs: ${options.data}/*/log/`)
    await stop(1)
  }
}

function readOptions() {
  const given = parse()
  if (given.help) {
    console.log(HELP)
    process.exit(0)
  }
  const whole = (flag, min, max) => {
    const value = Number(given[flag])
    if (given[flag] !== '' && Number.isInteger(value) && value >= min && value <= max) return value
    return wrong(`--${flag} takes a whole number from ${min} to ${max}`)
  }
  const seeders = whole('seeders', 1, 64)
  const group = whole('group', 1, Math.min(31, seeders))
  const cycleMs = whole('cycle-ms', 100, 3_600_000)
  const tenureMs = given['tenure-ms'] === '' ? group * CYCLES_PER_SEAT * cycleMs : whole('tenure-ms', 500, 86_400_000)
  if (tenureMs % (group * cycleMs) !== 0) {
    wrong(`--tenure-ms must be a multiple of ${group * cycleMs} (group × cycle-ms), so that every seat changes with a block`)
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(given.name)) wrong('--name takes small letters, digits and hyphens, at most 63')
  return {
    seeders,
    group,
    cycleMs,
    tenureMs,
    port: whole('port', 0, 65_535),
    data: resolve(given.data),
    site: resolve(given.site),
    name: given.name,
  }
}

function parse() {
  const text = (value) => ({ type: 'string', default: value })
  const flags = {
    seeders: text('7'),
    group: text('5'),
    'cycle-ms': text('3000'),
    'tenure-ms': text(''),
    port: text('8080'),
    name: text('wiki'),
  }
  const folders = { data: text(join(root, '.devnet')), site: text(join(root, 'examples/wiki')) }
  try {
    return parseArgs({ options: { ...flags, ...folders, help: { type: 'boolean', short: 'h', default: false } } }).values
  } catch (error) {
    return wrong(error.message)
  }
}

function wrong(reason) {
  console.error(`${reason}\n${HELP}`)
  process.exit(2)
}
