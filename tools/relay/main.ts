// node tools/relay/main.ts     reads commands from stdin and answers on stdout; ends with stdin
import { createInterface } from 'node:readline'
import { HELP, obey } from './src/commands.ts'
import { Relay } from './src/relay.ts'

if (process.argv.length > 2) {
  console.error(HELP)
  process.exit(process.argv.includes('--help') ? 0 : 2)
}
const relay = new Relay()
process.on('SIGINT', () => {}) // whoever started the relay is told to stop too, and closes stdin
console.log('{"ready":{}}')
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue
  if (line.trim() === 'help') console.error(HELP)
  else {
    const answer = await obey(relay, line).then(
      (ok) => ({ ok: ok ?? null }),
      (error: Error) => ({ error: error.message }),
    )
    console.log(JSON.stringify(answer))
  }
}
await relay.close()
