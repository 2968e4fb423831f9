import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'

const [CENTRAL, END] = [0x02014b50, 0x06054b50]
const [STORED, DEFLATED] = [0, 8]
const END_BYTES = 22

/**
 * Unpacks a ZIP archive that a pinned package has into a folder: stored and deflated files, without links, encryption, or the 64-bit form. Anything else throws, and so
 * does a name that leads out.
 */
export function unpackZip(path: string, folder: string): void {
  const archive = readFileSync(path)
  let end = archive.length - END_BYTES
  while (end >= 0 && archive.readUInt32LE(end) !== END) end--
  if (end < 0) throw new Error(`${path} is no ZIP archive`)
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== CENTRAL) throw new Error(`${path} is damaged at ${at}`)
    const [method, packedBytes] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)]
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field)) as [number, number, number]
    const header = archive.readUInt32LE(at + 42)
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes)
    at += 46 + nameBytes + extraBytes + commentBytes
    if (name.startsWith('/') || name.split('/').includes('..')) throw new Error(`${path}: ${name} leads out`)
    if (name.endsWith('/')) continue
    const from = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28)
    const packed = archive.subarray(from, from + packedBytes)
    if (method !== STORED && method !== DEFLATED) throw new Error(`${path}: ${name} is packed by method ${method}`)
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), method === STORED ? packed : inflateRawSync(packed))
  }
}
