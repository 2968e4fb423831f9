import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import type * as cryptoIds from '../../src/index.js'

/** What Node and a browser are both asked. Bytes are in hexadecimal. */
export interface Questions {
  readonly signatures: readonly { readonly signature: string; readonly message: string; readonly publicKey: string }[]
  readonly secrets: readonly string[]
  readonly texts: readonly string[]
}
type Asked = Pick<
  typeof cryptoIds,
  | 'accountOfBytes'
  | 'createAgreement'
  | 'createSigner'
  | 'hmacSha256'
  | 'keyOfPeerId'
  | 'peerIdOfKey'
  | 'sealOf'
  | 'sha256'
  | 'verifySignature'
>

export function answersTo({ signatures, secrets, texts }: Questions, asked: Asked): Record<string, unknown[]> {
  const { accountOfBytes, createAgreement, createSigner, hmacSha256, keyOfPeerId, peerIdOfKey, sealOf, sha256, verifySignature } = asked
  const keys = secrets.map(bytesOfHex)
  return {
    'hostile signatures': signatures.map(({ signature, message, publicKey }) =>
      verifySignature(bytesOfHex(signature), bytesOfHex(message), bytesOfHex(publicKey)),
    ),
    signers: keys.map((seed, i) => {
      const { peerId, publicKey, sign } = createSigner(seed)
      return [peerId, hexOf(keyOfPeerId(peerId)), peerIdOfKey(publicKey), hexOf(sign(bytesOfHex(texts[i] ?? '')))]
    }),
    x25519: keys.map((secret) => keys.map((other) => hexOf(createAgreement(secret).sharedSecret(createAgreement(other).publicKey)))),
    seals: texts.map((text, i) => hexOf(sealOf('a test', [text, i, BigInt(i) << 60n, null, [bytesOfHex(text)]]))),
    hashes: texts.map((text) => [hexOf(sha256(bytesOfHex(text))), hexOf(hmacSha256(bytesOfHex(text), bytesOfHex(text)))]),
    accounts: keys.map((key) => accountOfBytes(key)),
  }
}
