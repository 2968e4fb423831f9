import { createHash } from 'node:crypto'
import { hexOf } from '@interpeer/wire-codec'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recoveryPhraseOf, seedOfRecoveryPhrase } from '../src/recovery-phrase.js'
import vectors from '../vectors/bip39-english.json' with { type: 'json' }
import { bytesOf } from './backends.js'

const failure = (expected: object) => expect.objectContaining({ failure: expected })
const phrase = recoveryPhraseOf(new Uint8Array(32).fill(7))
const words = phrase.split(' ')

test.each(vectors)('BIP-39: $entropy', ({ entropy, mnemonic }) => {
  expect(recoveryPhraseOf(bytesOf(entropy))).toBe(mnemonic)
  expect(hexOf(seedOfRecoveryPhrase(mnemonic))).toBe(entropy)
})

test('any seed comes back from its 24 words, and the words are those of BIP-39 read bit by bit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
      const text = recoveryPhraseOf(seed)
      expect(seedOfRecoveryPhrase(text)).toEqual(seed)
      const checksum = createHash('sha256').update(seed).digest().subarray(0, 1)
      const bits = [...seed, ...checksum].map((byte) => byte.toString(2).padStart(8, '0')).join('')
      const expected = Array.from({ length: 24 }, (_, i) => wordlist[Number.parseInt(bits.slice(11 * i, 11 * i + 11), 2)])
      expect(text.split(' ')).toEqual(expected)
    }),
  )
})

test('what people do to words when they type does not count', () => {
  expect(seedOfRecoveryPhrase(`  ${words.join('\n').toUpperCase()}\t\r\n`)).toEqual(new Uint8Array(32).fill(7))
  expect(seedOfRecoveryPhrase(words.join('\u3000'))).toEqual(new Uint8Array(32).fill(7))
})

test.each([
  ['nothing', ''],
  ['23 words', words.slice(1).join(' ')],
  ['25 words', `${phrase} ${words[0]}`],
  ['12 words with a checksum that holds', `${'abandon '.repeat(11)}about`],
  ['24 words and a megabyte of white space', phrase + ' '.repeat(2 ** 20)],
])('refused by length: %s', (_, text) => expect(() => seedOfRecoveryPhrase(text)).toThrow(failure({ code: 'PHRASE_LENGTH', wanted: 24 })))

test('a word that is not in the list is named by its place, and no error holds any of the words', () => {
  for (const place of [1, 7, 24]) {
    const typed = words.with(place - 1, 'interpeer').join(' ')
    expect(() => seedOfRecoveryPhrase(typed)).toThrow(failure({ code: 'PHRASE_WORD_UNKNOWN', place }))
  }
  for (const typed of [words.with(3, 'interpeer'), words.toReversed()]) {
    try {
      seedOfRecoveryPhrase(typed.join(' '))
      expect.unreachable()
    } catch (error) {
      const told = `${(error as Error).message} ${JSON.stringify(error)} ${(error as Error).cause}`
      expect(typed.filter((word) => told.includes(word))).toEqual([])
    }
  }
})

test('of 200 phrases with one word exchanged nearly all fail the checksum; the others are other seeds', () => {
  const failed = Array.from({ length: 200 }, (_, i) => {
    const place = i % 24
    const other = wordlist[(wordlist.indexOf(words[place] as string) + 1 + i) % 2048] as string
    try {
      expect(seedOfRecoveryPhrase(words.with(place, other).join(' '))).not.toEqual(new Uint8Array(32).fill(7))
      return false
    } catch (error) {
      expect((error as { code: string }).code).toBe('PHRASE_CHECKSUM')
      return true
    }
  }).filter(Boolean)
  expect(failed.length).toBeGreaterThan(190)
})

test('only 32 bytes have a phrase', () => {
  expect(() => recoveryPhraseOf(new Uint8Array(16))).toThrow(expect.objectContaining({ code: 'BYTES_LENGTH' }))
})
