import { hexOf } from '@interpeer/wire-codec'
import { encryptKey } from '../src/encrypted-key.js'
import { dice } from './backends.js'
import { alice, bob } from './notes.js'

/** What vectors/encrypted-keys.json holds. `vitest run -u` writes the file anew. */
export function encryptedKeyVectors() {
  const random = dice('encrypted keys')
  const seed = new Uint8Array(32).fill(1) // alice's
  const passphrase = 'correct horse battery staple'
  const good = encryptKey(seed, passphrase, { salt: random(32), logN: 14 })
  const costly = encryptKey(seed, passphrase, { salt: random(32), logN: 15 })
  const accented = encryptKey(seed, 'm\u00f6we', { salt: random(32), logN: 14 })
  const altered = (from: string, to: string) => {
    if (good.split(from).length !== 2) throw new Error(`not once in it: ${from}`)
    return good.replace(from, to)
  }
  const fields = JSON.parse(good) as { scrypt: { salt: string }; sealed: string }
  const flipped = (hex: string, at: number) =>
    `${hex.slice(0, 2 * at)}${hexOf(Uint8Array.of(Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16) ^ 1))}${hex.slice(2 * at + 2)}`
  const cases: [name: string, expect: string, text: string, passphrase?: string][] = [
    ['log N 14', 'ok', good],
    ['log N 15', 'ok', costly],
    ['without white space', 'ok', JSON.stringify(JSON.parse(good))],
    ['a passphrase in composed letters (NFC)', 'ok', accented, 'm\u00f6we'],
    ['the same passphrase in combining letters (NFD)', 'ok', accented, 'mo\u0308we'],
    ['another passphrase', 'PASSPHRASE_WRONG', good, 'correct horse battery stapl'],
    ['an empty passphrase', 'PASSPHRASE_UNUSABLE', good, ''],
    ['a passphrase of 1,025 characters', 'PASSPHRASE_UNUSABLE', good, 'x'.repeat(1025)],
    ['the first byte of the ciphertext altered', 'PASSPHRASE_WRONG', altered(fields.sealed, flipped(fields.sealed, 0))],
    ['the last byte of the tag altered', 'PASSPHRASE_WRONG', altered(fields.sealed, flipped(fields.sealed, 47))],
    ['the salt altered', 'PASSPHRASE_WRONG', altered(fields.scrypt.salt, flipped(fields.scrypt.salt, 31))],
    ["another peer's name", 'PASSPHRASE_WRONG', altered(alice.peerId, bob.peerId)],
    ['another log N', 'PASSPHRASE_WRONG', altered('"logN": 14', '"logN": 15')],
    ['log N 13, too cheap', 'ENCRYPTED_KEY_MALFORMED', altered('"logN": 14', '"logN": 13')],
    ['log N 19, too costly', 'ENCRYPTED_KEY_MALFORMED', altered('"logN": 14', '"logN": 19')],
    ['log N that is no whole number', 'ENCRYPTED_KEY_MALFORMED', altered('"logN": 14', '"logN": 14.5')],
    ['log N as text', 'ENCRYPTED_KEY_MALFORMED', altered('"logN": 14', '"logN": "14"')],
    ['another r', 'ENCRYPTED_KEY_MALFORMED', altered('"r": 8', '"r": 1048576')],
    ['another p', 'ENCRYPTED_KEY_MALFORMED', altered('"p": 1', '"p": 1048576')],
    ['version 2', 'ENCRYPTED_KEY_MALFORMED', altered('"version": 1', '"version": 2')],
    ['another format', 'ENCRYPTED_KEY_MALFORMED', altered('interpeer encrypted key', 'interpeer encrypted kex')],
    ['a field more', 'ENCRYPTED_KEY_MALFORMED', altered('"version": 1', '"version": 1,\n  "hint": "a horse"')],
    ['a field of scrypt more', 'ENCRYPTED_KEY_MALFORMED', altered('"p": 1', '"p": 1,\n    "maxmem": 0')],
    ['no salt', 'ENCRYPTED_KEY_MALFORMED', altered(`,\n    "salt": "${fields.scrypt.salt}"`, '')],
    ['a salt of 31 bytes', 'ENCRYPTED_KEY_MALFORMED', altered(fields.scrypt.salt, fields.scrypt.salt.slice(2))],
    ['capital hexadecimal digits', 'ENCRYPTED_KEY_MALFORMED', altered(fields.sealed, fields.sealed.toUpperCase())],
    ['47 sealed bytes', 'ENCRYPTED_KEY_MALFORMED', altered(fields.sealed, fields.sealed.slice(2))],
    ['a peer that is no PeerId', 'ENCRYPTED_KEY_MALFORMED', altered(alice.peerId, `${alice.peerId.slice(0, -1)}0`)],
    ['a peer in a list', 'ENCRYPTED_KEY_MALFORMED', altered(`"${alice.peerId}"`, `["${alice.peerId}"]`)],
    ['a list of scrypt', 'ENCRYPTED_KEY_MALFORMED', good.replace(/"scrypt": \{[^}]*\}/, '"scrypt": [14, 8, 1]')],
    ['null', 'ENCRYPTED_KEY_MALFORMED', 'null'],
    ['cut short', 'ENCRYPTED_KEY_MALFORMED', good.slice(0, -4)],
    ['nothing', 'ENCRYPTED_KEY_MALFORMED', ''],
    ['2,049 characters', 'ENCRYPTED_KEY_MALFORMED', good.padEnd(2049, ' ')],
    ['brackets, 2,000 deep', 'ENCRYPTED_KEY_MALFORMED', '['.repeat(2000)],
  ]
  return {
    seed: hexOf(seed),
    peer: alice.peerId,
    passphrase,
    cases: cases.map(([name, expect, text, other]) => ({ name, expect, ...(other === undefined ? {} : { passphrase: other }), text })),
  }
}
