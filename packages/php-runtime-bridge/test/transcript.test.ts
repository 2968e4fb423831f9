import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExecutionLog, LOG_BYTES_MAX, TRANSCRIPT_BYTES_MAX } from '../src/node/execution-log.js'
import { filesOf, runPage, type Seen, startPhp, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp()
})
afterAll(() => php.close())

const transcriptOf = async (script: string, given = {}): Promise<Buffer> =>
  Buffer.from((await runPage(php, `<?php ${script}`, given)).transcript, 'hex')
const digestOf = (transcript: Buffer) => transcript.subarray(-32).toString('hex')
const headOf = (transcript: Buffer) => ({ calls: transcript.readUInt32LE(0), folded: transcript.readUInt32LE(4) })

test('it ends with a digest of status, headers, body and changes', async () => {
  const [same, alike, ...others] = await Promise.all(
    [
      'echo "a";',
      ' echo "a";',
      'echo "b";',
      'http_response_code(201); echo "a";',
      'header("a: b"); echo "a";',
      'file_put_contents("x", ""); echo "a";',
      'file_put_contents("x", "y"); echo "a";',
      'mkdir("x"); echo "a";',
    ].map((script) => transcriptOf(script).then(digestOf)),
  )
  expect(alike).toBe(same)
  expect(new Set([same, ...others]).size).toBe(others.length + 1)
})

test.each([
  [
    'work that leaves no trace',
    '$a = []; for ($i = 0; $i < 900; $i++) $a[] = md5("a$i"); echo "a";',
    'for ($i = 0; $i < 900; $i++) $a[] = md5("b$i"); echo "a";',
  ],
  ['one system call more', 'hrtime(); hrtime(); echo "a";', 'hrtime();           echo "a";'],
  ['another file looked for', 'is_file("one"); echo "a";', 'is_file("two"); echo "a";'],
  [
    'another place in a file',
    '$f = fopen("index.php", "r"); fseek($f, 5); echo "a";',
    '$f = fopen("index.php", "r"); fseek($f, 6); echo "a";',
  ],
  [
    'what is forgotten before the end',
    '$s = str_repeat("x", 3000); $s = null; hrtime(); echo "a";',
    '$s = str_repeat("y", 3000); $s = null; hrtime(); echo "a";',
  ],
])('two runs of the same answer differ by %s', async (_, one, other) => {
  const [a, b, again] = [await transcriptOf(one), await transcriptOf(other), await transcriptOf(one)]
  expect(digestOf(a)).toBe(digestOf(b))
  expect(a.equals(b)).toBe(false)
  expect(a.equals(again)).toBe(true)
})

test('time and seed show in it, where the answer does not show them', async () => {
  const script = '$t = time(); $r = random_bytes(64); echo "a";'
  const [a, later, otherwise] = [
    await transcriptOf(script),
    await transcriptOf(script, { timeMs: 1_790_000_001_000 }),
    await transcriptOf(script, { seed: 'x' }),
  ]
  expect(new Set([a, later, otherwise].map(digestOf)).size).toBe(1)
  expect(new Set([a, later, otherwise].map((one) => one.toString('hex'))).size).toBe(3)
})

test('a long run is folded, to a bounded length; a difference at its start still shows', async () => {
  const script = (name: string) => `is_file("${name}"); for ($i = 0; $i < 5000; $i++) hrtime(); echo "a";`
  const [one, other] = [await transcriptOf(script('one')), await transcriptOf(script('two'))]
  for (const transcript of [one, other]) {
    expect(headOf(transcript).calls).toBeGreaterThan(5000)
    expect(headOf(transcript).folded).toBeGreaterThan(LOG_BYTES_MAX)
    expect(transcript.length).toBeLessThanOrEqual(TRANSCRIPT_BYTES_MAX)
  }
  expect(one.subarray(8, 40).equals(other.subarray(8, 40))).toBe(false)
})

test('a tree that was derived and one that was loaded whole leave the same: a member that was restarted is no other', async () => {
  const write =
    '<?php mkdir("d/e", 0755, true); file_put_contents("d/e/f", str_repeat("x", 5000)); unlink("old"); $_SESSION = [1]; session_start();'
  const look =
    '<?php foreach (["d", "d/e", "d/e/f", "."] as $p) { $s = stat($p); $l = is_dir($p) ? scandir($p) : file_get_contents($p); } echo "a";'
  const files = filesOf({ 'write.php': write, 'look.php': look, old: 'x', 'dir/kept': 'y' })
  await php.load('before', files)
  const outcome = await visit(php, 'before', { target: '/write.php' })
  await php.derive('derived', 'before', outcome.changes)
  const deleted = outcome.changes.flatMap((change) => (change.type === 'delete' ? [change.path] : []))
  const written = outcome.changes.flatMap((change) => (change.type === 'write' ? [change] : []))
  const made = outcome.changes.flatMap((change) => (change.type === 'directory' ? [change] : []))
  await php.load('loaded', [...files.filter(({ path }) => !deleted.includes(path)), ...written].reverse(), made)
  const [derived, loaded] = [await visit(php, 'derived', { target: '/look.php' }), await visit(php, 'loaded', { target: '/look.php' })]
  expect(deleted).toEqual(['old'])
  expect(derived.text).toBe('a')
  expect(loaded.transcript).toBe(derived.transcript)
})

test('where no script runs it is the digest alone', async () => {
  await php.load('static', filesOf({ 'a.txt': 'a', 'index.php': '' }))
  const seen: Seen[] = [await visit(php, 'static', { target: '/a.txt' }), await visit(php, 'static', { target: '/a.txt', method: 'PUT' })]
  for (const { transcript } of seen) {
    expect(transcript).toHaveLength(144)
    expect(transcript.startsWith('00'.repeat(40))).toBe(true)
  }
  expect(seen[0]?.transcript).not.toBe(seen[1]?.transcript)
})

describe('the log by itself', () => {
  const PLACES = { heap: 0x20_0000, heapEnd: 0x40_0000, stack: 0x1_0000, stackEnd: 0x2_0000 }
  const before = new DataView(new ArrayBuffer(PLACES.heapEnd))
  const digest = new Uint8Array(32)
  /** A memory whose words are all one number: whatever is looked at is seen. */
  const filled = (word: number) => new DataView(new Uint32Array(PLACES.heapEnd / 4).fill(word).buffer)
  const run = (memory: DataView, calls: readonly (readonly number[])[]): string => {
    const log = new ExecutionLog()
    log.begin(PLACES)
    for (const args of calls) log.call(7, args, args.length, 0, PLACES.stackEnd, memory)
    log.end(memory, before)
    return Buffer.from(log.transcript(digest)).toString('hex')
  }
  const calls = [[PLACES.heap + 64, 5], [PLACES.heap + 4096]]

  test('the sign of a NaN, which is the machine’s, is not seen; other words are', () => {
    const [x86, arm] = [run(filled(0xfff8_0000), calls), run(filled(0x7ff8_0000), calls)]
    expect(x86).toBe(arm)
    expect(run(filled(0xffc0_0000), calls)).toBe(run(filled(0x7fc0_0000), calls))
    expect(run(filled(1), calls)).not.toBe(run(filled(2), calls))
    expect(run(filled(1), calls)).not.toBe(x86)
  })

  test('what no card is noted for need not be looked at', () => {
    const written = fc.record({
      at: fc.integer({ min: PLACES.heap, max: PLACES.heapEnd - 8 }),
      word: fc.integer(),
      aside: fc.constantFrom(-256, 0, 256),
    })
    fc.assert(
      fc.property(fc.array(written, { maxLength: 2000 }), (writes) => {
        const [memory, cards] = [new DataView(new ArrayBuffer(PLACES.heapEnd)), new Uint8Array(PLACES.heapEnd >>> 12)]
        for (const { at, word, aside } of writes) {
          memory.setInt32(at & ~3, word, true)
          // a note stands for what lies so close to it, too
          cards[((at & ~3) + aside) >>> 12] = 1
        }
        const [some, all] = [cards, undefined].map((notes) => {
          const log = new ExecutionLog()
          log.begin(PLACES)
          log.end(memory, before, notes)
          return Buffer.from(log.transcript(digest)).toString('hex')
        })
        expect(some).toBe(all)
      }),
      { numRuns: 30 },
    )
  })

  test('any arguments and any number of calls give a bounded transcript; each call shows', () => {
    const memory = filled(9)
    const anyArgs = fc.array(fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 32 }), fc.double()), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(anyArgs, { maxLength: 1500 }), fc.nat(), (given, at) => {
        const whole = run(memory, given)
        expect(whole.length / 2).toBeLessThanOrEqual(TRANSCRIPT_BYTES_MAX)
        if (given.length > 0)
          expect(
            run(
              memory,
              given.filter((_, i) => i !== at % given.length),
            ),
          ).not.toBe(whole)
      }),
      { numRuns: 60 },
    )
  })
})
