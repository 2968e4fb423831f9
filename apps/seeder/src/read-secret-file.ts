import { closeSync, openSync, readSync } from 'node:fs'

const SECRET_MAX_BYTES = 4096

/** A short text from a file, or from a pipe that a password store writes to. */
export function readSecretFile(path: string): string {
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(SECRET_MAX_BYTES + 1)
  let length = 0
  try {
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null)
  } finally {
    closeSync(file)
  }
  return textOf(bytes.subarray(0, length), path)
}

/** The same from stdin. */
export async function readSecretStdin(): Promise<string> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of process.stdin) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (bytes.length > SECRET_MAX_BYTES) break
  }
  return textOf(bytes, 'stdin')
}

function textOf(bytes: Buffer, source: string): string {
  if (bytes.length > SECRET_MAX_BYTES) throw new Error(`${source} holds too much for a secret`)
  return bytes.toString('utf8')
}

/** A passphrase stands in the first line. */
export const firstLineOf = (text: string): string => text.split(/\r?\n/, 1)[0] as string
