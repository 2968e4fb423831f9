import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { METER_VERSION, type Metered, type MeterOptions, meter } from '../meter/meter.js'

const DIGEST_BYTES = 32
const SUFFIX = '.metered'
const SUFFIX_UNFINISHED = '.unfinished'
/** Most metered modules that a folder keeps: versions of PHP, their extensions, and the same of the meter before this. */
const FILES_MAX = 32
const UNFINISHED_MS_MAX = 3_600_000

/**
 * A metered module: from `folder` if it is there and whole, else made, which takes a second for PHP, and kept there. Without a folder, or where it
 * cannot be written or read, it is made each time: that is no failure. Any number of processes may use one folder at once. A torn file is made again;
 * who can write to the folder can have any code run, so it must be the owner's alone.
 *
 * @throws {PhpRuntimeError} METER_MALFORMED, METER_UNSUPPORTED
 */
export async function meteredBinary(bytes: Uint8Array, options: MeterOptions, folder?: string): Promise<Metered> {
  if (folder === undefined) return meter(bytes, options)
  const path = join(folder, `${nameOf(bytes, options)}${SUFFIX}`)
  const kept = await readFile(path)
    .then(wholeOf)
    .catch(() => undefined)
  if (kept) return kept
  const made = meter(bytes, options)
  try {
    await keep(folder, path, made)
  } catch {
    // a folder that cannot be written to: the next process makes it again
  }
  return made
}

function nameOf(bytes: Uint8Array, options: MeterOptions): string {
  const { kind, exhausted, stack, cards, canonicalNaNs, slack } = options
  const what = JSON.stringify([METER_VERSION, kind, exhausted, stack, cards, canonicalNaNs, slack])
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).update(what).digest('hex')
}

// A file: SHA-256 of what follows; length of the JSON (32 bits, little-endian); the JSON, without bytes; the module.
async function keep(folder: string, path: string, { bytes, ...facts }: Metered): Promise<void> {
  const json = Buffer.from(JSON.stringify(facts))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  const digest = createHash('sha256').update(length).update(json).update(bytes).digest()
  await mkdir(folder, { recursive: true })
  const unfinished = `${path}.${randomUUID()}${SUFFIX_UNFINISHED}`
  try {
    await writeFile(unfinished, Buffer.concat([digest, length, json, bytes]))
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  await prune(folder)
}

/** A file that is torn is as none. */
function wholeOf(file: Buffer): Metered | undefined {
  const digest = file.subarray(0, DIGEST_BYTES)
  if (file.length < DIGEST_BYTES + 4 || !createHash('sha256').update(file.subarray(DIGEST_BYTES)).digest().equals(digest)) return undefined
  const from = DIGEST_BYTES + 4
  const end = from + file.readUInt32LE(DIGEST_BYTES)
  const facts = JSON.parse(file.toString('utf8', from, end)) as Omit<Metered, 'bytes'>
  return { ...facts, bytes: file.subarray(end) }
}

/** The oldest beyond the maximum go, and what processes that died have left. */
async function prune(folder: string): Promise<void> {
  const files: { path: string; writtenMs: number }[] = []
  for (const name of await readdir(folder)) {
    if (!name.endsWith(SUFFIX) && !name.endsWith(SUFFIX_UNFINISHED)) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (!found) continue
    if (name.endsWith(SUFFIX)) files.push({ path, writtenMs: found.mtimeMs })
    else if (Date.now() - found.mtimeMs > UNFINISHED_MS_MAX) await rm(path, { force: true })
  }
  files.sort((a, b) => b.writtenMs - a.writtenMs)
  for (const { path } of files.slice(FILES_MAX)) await rm(path, { force: true })
}
