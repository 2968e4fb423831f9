import type { Case } from './cases.js'
import { head, hexOfText, longHead } from './write.js'

/** What deterministic CBOR here takes and refuses, whatever the message: by the rules of RFC 8949 §4.2.1 and `docs/design.md` §3. */
export function cborCases(): Case[] {
  const good = (name: string, hex: Case['hex'], value: Case['value']): Case => ({ name, expect: 'ok', hex, value: value as never })
  const bad =
    (expect: string) =>
    (name: string, hex: Case['hex']): Case => ({ name, expect, hex })
  const [long, malformed] = [bad('WIRE_NOT_CANONICAL'), bad('WIRE_MALFORMED')]
  const edges = [
    0n,
    1n,
    23n,
    24n,
    255n,
    256n,
    65_535n,
    65_536n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n - 1n,
  ]
  const longer = [0n, 23n, 24n, 255n, 256n, 65_535n, 65_536n, 2n ** 32n - 1n]
  const link = `d82a58250001711220${'ab'.repeat(32)}`
  return [
    ...edges.map((edge) => good(`the integer ${edge}`, head(0, edge), String(edge))),
    ...edges.map((edge) => good(`the integer ${-1n - edge}`, head(1, edge), String(-1n - edge))),
    ...[0, 1, 23, 24, 255, 256, 65_535, 65_536].map((size) =>
      good(`${size} bytes`, [head(2, size), [size, '5a']], { times: size, of: '5a' }),
    ),
    ...[0, 23, 24, 256].map((size) => good(`a text of ${size} letters`, [head(3, size), [size, '77']], { times: size, of: 'w' })),
    ...[...'éß中😀\u0000\ud7ff\ue000\ufffd\u{10ffff}'].map((text) =>
      good(`the letter U+${text.codePointAt(0)?.toString(16)}`, head(3, hexOfText(text).length / 2) + hexOfText(text), text),
    ),
    ...[0, 23, 24, 256].map((size) => good(`${size} nulls in an array`, [head(4, size), [size, 'f6']], { times: size, of: [null] })),
    good('false', 'f4', false),
    good('true', 'f5', true),
    good('null', 'f6', null),
    good('a link', link, { link: link.slice(10) }),
    good('24 arrays one in another', [[24, '81'], '00'], nested(24)),
    bad('WIRE_TOO_DEEP')('25 arrays one in another', [[25, '81'], '00']),
    bad('WIRE_TOO_DEEP')('a million arrays one in another', [[1_000_000, '81'], '00']),
    bad('WIRE_MALFORMED')('a million tags one in another', [[1_000_000, 'c6'], '00']),
    bad('WIRE_TOO_LARGE')('16 MiB and a byte', ['5a01000000', [16_777_212, '00']]),
    ...longer.map((edge) => long(`the integer ${edge} in a longer head`, longHead(0, edge))),
    ...longer.map((edge) => long(`the integer ${-1n - edge} in a longer head`, longHead(1, edge))),
    long('3 bytes in a longer head', `${longHead(2, 3)}010203`),
    long('a letter in a longer head', `${longHead(3, 1)}77`),
    long('an array in a longer head', `${longHead(4, 1)}00`),
    long('a tag in a longer head', `d9002a${link.slice(4)}`),
    ...['c3', 'c328', 'c0af', 'e080af', 'eda080', 'edbfbf', 'f4908080', 'f8888080', 'ff', 'e4b8'].map((text) =>
      long(`text that is not UTF-8: ${text}`, head(3, text.length / 2) + text),
    ),
    malformed('nothing', ''),
    malformed('two items', '0000'),
    ...['18', '1900', '1a000000', '1b00000000000000'].map((hex) => malformed(`a head that ends early: ${hex}`, hex)),
    ...['42aa', '6277', '8200', 'd82a'].map((hex) => malformed(`an item that ends early: ${hex}`, hex)),
    ...['5bffffffffffffffff', '7b00ffffffffffffff', '9bffffffffffffffff', '5affffffff', '9affffffff'].map((hex) =>
      malformed(`a length beyond the end: ${hex}`, hex),
    ),
    ...['1c', '1d', '1e', '3c', '5c', '7d', '9e', 'dc', 'fc', 'fd', 'fe'].map((hex) => malformed(`a reserved head: ${hex}`, `${hex}00`)),
    ...['5f4100ff', '7f6177ff', '9f00ff', 'bfff', '1f', '3f', 'df00', 'ff'].map((hex) => malformed(`of indefinite length: ${hex}`, hex)),
    ...['a0', 'a10000', 'a1617701', 'b80101'].map((hex) => malformed(`a map: ${hex}`, hex)),
    ...['f90000', 'f93c00', 'f97e00', 'f97c00', 'fa3f800000', 'fb3ff0000000000000', 'fb7ff8000000000000'].map((hex) =>
      malformed(`a float: ${hex}`, hex),
    ),
    ...['f7', 'e0', 'f0', 'f3', 'f800', 'f814', 'f816', 'f820', 'f8ff'].map((hex) => malformed(`a simple value: ${hex}`, hex)),
    ...['c000', 'c249010000000000000000', 'c349010000000000000000', 'd81800', 'd82b00', 'd9d9f700'].map((hex) =>
      malformed(`another tag: ${hex}`, hex),
    ),
    malformed('a link without 00', `d82a5824${link.slice(10)}`),
    malformed('a link that begins with 01', `d82a582501${link.slice(10)}`),
    malformed('a link of 37 bytes', `d82a582600${link.slice(10)}00`),
    malformed('a link that is text', `d82a7825${'00'.repeat(37)}`),
    malformed('a link in a link', `d82a${link}`),
  ]
}

function nested(depth: number): Case['value'] {
  return depth === 0 ? '0' : [nested(depth - 1) as never]
}
