import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { CryptoError, requireLength } from './errors.js'

const WORDS = 24
/** Twice what 24 English words of eight letters take: nothing longer is looked at. */
const TEXT_MAX = 512

/**
 * A seed in 24 English words of BIP-39, to be kept on paper: the last one holds a checksum of 8 bits. The words stand for the 32 bytes
 * themselves, not for what a coin wallet would derive from them.
 * @param seed 32 secret bytes, as for `createSigner`
 * @throws {CryptoError} BYTES_LENGTH
 */
export function recoveryPhraseOf(seed: Uint8Array): string {
  requireLength(seed, 32, 'seed')
  return entropyToMnemonic(Uint8Array.from(seed), wordlist)
}

/**
 * The seed that 24 words stand for; capital letters and further white space between words do not count. What is wrong names places, never
 * words: they are secret.
 * @throws {CryptoError} PHRASE_LENGTH, PHRASE_WORD_UNKNOWN, PHRASE_CHECKSUM (a wrong word, or words in another order)
 */
export function seedOfRecoveryPhrase(text: string): Uint8Array {
  const words = text.length > TEXT_MAX ? [] : (text.normalize('NFKD').toLowerCase().match(/\S+/g) ?? [])
  if (words.length !== WORDS) throw new CryptoError({ code: 'PHRASE_LENGTH', wanted: WORDS })
  const place = words.findIndex((word) => !wordlist.includes(word)) + 1
  if (place > 0) throw new CryptoError({ code: 'PHRASE_WORD_UNKNOWN', place })
  try {
    return Uint8Array.from(mnemonicToEntropy(words.join(' '), wordlist))
  } catch {
    throw new CryptoError({ code: 'PHRASE_CHECKSUM' }) // without a cause: its text may hold the words
  }
}
