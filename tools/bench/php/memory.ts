// node --expose-gc memory.ts ours|theirs: prints how many bytes of this process a further instance takes
import './sources.mjs'

const FURTHER = 6
const hello = '<?php echo "hello";'
const started: unknown[] = []
const make = process.argv[2] === 'ours' ? await ours() : await theirs()
await make()
const before = residentBytes()
for (let i = 0; i < FURTHER; i++) await make()
console.log((residentBytes() - before) / FURTHER)
process.exit(0)

async function ours(): Promise<() => Promise<void>> {
  const php = await (await import('./ours.ts')).ourPhp(hello)
  return async () => {
    const instance = php.start()
    php.run(instance)
    started.push(instance)
  }
}

async function theirs(): Promise<() => Promise<void>> {
  const { theirPhp, runTheirs } = await import('./theirs.ts')
  return async () => {
    const instance = await theirPhp()
    await runTheirs(instance, hello)
    started.push(instance)
  }
}

function residentBytes(): number {
  ;(globalThis as unknown as { gc(): void }).gc()
  return process.memoryUsage.rss()
}
