import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { settledTree } from '../src/settled-tree.js'
import { type Call, FLAGS, listNative, NativeFiles, nestedTree, OverlayFiles } from './file-systems.js'
import { listTree } from './trees.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'native-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

// So deep that no way up through 32 links leaves the folder.
const PREFIX = '/x'.repeat(50)
const anyName = fc.constantFrom('a', 'b', 'c', 'd')
const anyPart = fc.oneof({ weight: 12, arbitrary: anyName }, { weight: 1, arbitrary: fc.constantFrom('.', '..', '') })
const anyPath = fc
  .tuple(
    fc.array(anyPart, { minLength: 1, maxLength: 3 }),
    fc.boolean().map((slash) => (slash ? '/' : '')),
    fc.nat(6),
  )
  .map(([parts, slash, often]) => `/${parts.join('/')}${often === 0 ? slash : ''}`)
const anyTarget = fc
  .oneof(
    anyPath.map((path) => path.slice(1)),
    anyName,
    anyPath.map((path) => `..${path}`),
  )
  .filter((target) => target !== '')
const anyFile = fc.nat(5)
const anyText = fc.oneof(fc.string({ maxLength: 8, unit: 'binary-ascii' }), fc.constantFrom('x'.repeat(70_000), 'y'.repeat(65_536)))
const anyOffset = fc.oneof(fc.nat(20), fc.constantFrom(65_530, 65_536, 131_000))
const anyFlags = fc.tuple(
  fc.constantFrom(FLAGS.read, FLAGS.write, FLAGS.both, FLAGS.both),
  fc.subarray([FLAGS.create, FLAGS.create, FLAGS.exclusive, FLAGS.truncate, FLAGS.append]),
)
const anyCall: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      call: fc.constant('open' as const),
      path: anyPath,
      flags: anyFlags.map(([way, more]) => more.reduce((all, one) => all | one, way)),
    }),
  },
  fc.record({ call: fc.constantFrom('close' as const, 'fstat' as const), file: anyFile }),
  fc.record({ call: fc.constant('read' as const), file: anyFile, length: fc.constantFrom(3, 70_000) }),
  { weight: 2, arbitrary: fc.record({ call: fc.constant('write' as const), file: anyFile, text: anyText }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('seek-write' as const), file: anyFile, at: anyOffset, text: anyText }) },
  fc.record({ call: fc.constant('seek-read' as const), file: anyFile, at: anyOffset, length: fc.constantFrom(3, 70_000) }),
  fc.record({ call: fc.constant('truncate' as const), file: anyFile, size: anyOffset }),
  {
    weight: 7,
    arbitrary: fc.record({
      call: fc.constantFrom(
        'stat' as const,
        'lstat' as const,
        'readlink' as const,
        'list' as const,
        'unlink' as const,
        'rmdir' as const,
        'mkdir' as const,
      ),
      path: anyPath,
    }),
  },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('rename' as const), path: anyPath, to: anyPath }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('symlink' as const), path: anyPath, target: anyTarget }) },
  fc.record({ call: fc.constant('chmod' as const), path: anyPath, mode: fc.constantFrom(0o600, 0o755, 0o4711) }),
)

test.skipIf(process.platform !== 'linux')(
  'any sequence of calls gives what the host’s own file system gives, result by result, and leaves the same',
  () => {
    let runs = 0
    fc.assert(
      fc.property(fc.array(anyCall, { maxLength: 40 }), (calls) => {
        const top = join(folder, `${runs++}`)
        mkdirSync(top + PREFIX, { recursive: true })
        const native = new NativeFiles(top)
        const ours = new OverlayFiles(nestedTree(PREFIX), { isWritable: () => true, isPinned: () => false, site: '/nowhere' })
        try {
          for (const call of calls) expect(ours.perform(call, PREFIX), JSON.stringify(call)).toEqual(native.perform(call, PREFIX))
          const left = settledTree(ours.overlay.root)
          if (left.kind === 'directory') expect(listTree(left).sort()).toEqual(listNative(top).sort())
        } finally {
          native.end()
          rmSync(top, { recursive: true })
        }
      }),
      { numRuns: 120 },
    )
  },
)
