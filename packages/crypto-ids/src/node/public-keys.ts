import { createPublicKey, type KeyObject } from 'node:crypto'

const REMEMBERED_MAX = 4096
// The fixed start of an Ed25519 public key in DER (RFC 8410).
const DER_START = Buffer.from('302a300506032b6570032100', 'hex')

const remembered = new Map<string, KeyObject>()

/**
 * What node:crypto verifies with, for 32 bytes of Ed25519 key. Importing one costs two fifths of a verification, and a peer's few
 * neighbours sign nearly everything it reads. Least recently used keys go first; what is remembered changes no answer.
 */
export function ed25519KeyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, 32).toString('latin1')
  const known = remembered.get(name)
  if (known !== undefined) remembered.delete(name)
  else if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value as string)
  const key = known ?? createPublicKey({ key: Buffer.concat([DER_START, publicKey]), format: 'der', type: 'spki' })
  remembered.set(name, key)
  return key
}
