import type { SourceFile } from './workspace.js'

export interface MessageFacts {
  readonly name: string
  readonly number: number
  /** The folder's name: `overlay`. */
  readonly package: string
  /** Relative to the root. */
  readonly cddl: string
  readonly version: number
}

/** `type:` of a message is its number, 16 or more (`design.md` §12.2); a smaller one is the tag of a variant inside a message. */
const NUMBER_MIN = 16
/** `design.md` §12.2: whose messages have which numbers. `peer` wires the layers and declares messages of theirs. */
export const RANGES: Readonly<Record<string, readonly [first: number, last: number]>> = {
  overlay: [16, 31],
  'content-store': [32, 47],
  'peer-group': [48, 79],
  'vote-chain': [80, 111],
  'job-scheduler': [112, 127],
  'intercoin-ledger': [128, 143],
  'name-service': [144, 159],
}

/** The rules of CDDL files that stand for a whole message. */
export function messageRules(files: readonly SourceFile[]): Omit<MessageFacts, 'version'>[] {
  return files.flatMap(({ path, text }) => {
    const rules = [...text.replace(/;[^\n]*/g, '').matchAll(/^([a-z][\w-]*)\s*=\s*\[\s*type:\s*(\d+)/gm)]
    return rules
      .map(([, name = '', number]) => ({ name, number: Number(number), package: packageOf(path), cddl: path }))
      .filter(({ number }) => number >= NUMBER_MIN)
  })
}

/** Messages that code declares: `message('overlay-hello', 1, …`, by name. */
export function declarations(
  files: readonly SourceFile[],
): ReadonlyMap<string, readonly { readonly package: string; readonly version: number }[]> {
  const found = new Map<string, { package: string; version: number }[]>()
  for (const { path, text } of files) {
    for (const [, name = '', version] of text.matchAll(/\bmessage\(\s*'([a-z][\w-]*)',\s*(\d+),/g)) {
      found.set(name, [...(found.get(name) ?? []), { package: packageOf(path), version: Number(version) }])
    }
  }
  return found
}

const packageOf = (path: string): string => path.split('/')[1] ?? ''

/** Where numbers, CDDL files and code differ about which messages there are: one line each. */
export function wireFaults(numbers: Readonly<Record<string, number>>, cddl: readonly SourceFile[], code: readonly SourceFile[]): string[] {
  const rules = messageRules(cddl)
  const declared = declarations(code)
  const faults: string[] = []
  for (const { name, number, cddl: path, package: owner } of rules) {
    const listed = numbers[name]
    if (listed === undefined) faults.push(`${path}: ${name} is not in message-numbers.ts`)
    else if (listed !== number) faults.push(`${path}: ${name} is ${number}, message-numbers.ts says ${listed}`)
    const range = RANGES[owner]
    if (range !== undefined && (number < range[0] || number > range[1]))
      faults.push(`${path}: ${name} has ${number}, out of its package's range`)
  }
  for (const name of Object.keys(numbers)) {
    const inCddl = rules.filter((rule) => rule.name === name)
    const inCode = declared.get(name) ?? []
    if (inCddl.length !== 1) faults.push(`${name}: in ${inCddl.length} CDDL files instead of one`)
    if (inCode.length !== 1) faults.push(`${name}: declared ${inCode.length} times in code instead of once`)
    const [rule, declaration] = [inCddl[0], inCode[0]]
    if (rule !== undefined && declaration !== undefined && rule.package !== declaration.package) {
      faults.push(`${name}: its CDDL is in ${rule.package}, its code in ${declaration.package}`)
    }
  }
  return faults
}

/** docs/wire.md, whole. */
export function wireDoc(cddl: readonly SourceFile[], code: readonly SourceFile[]): string {
  const declared = declarations(code)
  const rules = messageRules(cddl).toSorted((a, b) => a.number - b.number)
  const row = ({ name, number, package: owner, cddl: path }: (typeof rules)[number]) => {
    const file = path.split('/').at(-1)
    return `| ${number} | \`${name}\` | ${declared.get(name)?.[0]?.version ?? ''} | \`${owner}\` | [${file}](../${path}) |`
  }
  const formats = cddl.filter(({ path }) => !rules.some((rule) => rule.cddl === path))
  return `${HEAD}
${rules.map(row).join('\n')}

## Not messages

Formats of blocks and envelopes, which have no number:

${formats.map(({ path, text }) => `- [${path}](../${path}): ${firstSentence(text)}`).join('\n')}
`
}

const firstSentence = (cddl: string): string => {
  const comment = cddl.match(/^(?:;[^\n]*\n)+/)?.[0] ?? ''
  const words = comment.replace(/^;\s?/gm, '').replaceAll('\n', ' ').trim()
  return `${words.split(/(?<=[.:]) /)[0]?.replace(/[.:]$/, '') ?? ''}.`
}

const HEAD = `# What goes over the wire

<!-- Made by tools/test/wire-doc.test.ts from the CDDL files: \`pnpm exec vitest run --project tools wire-doc -u\` -->

Every message is one deterministic CBOR array, \`[number, …fields]\` (RFC 8949 §4.2.1; no maps, no floats). The CDDL file (RFC 8610) is the
contract for other implementations; each package's tests hold its code to it. Bytes that decode but encode otherwise are refused. Signed
messages travel in a COSE_Sign1 envelope, [cose-sign1.cddl](../packages/crypto-ids/src/cose-sign1.cddl), whose signature names the network, the
number and the version. Ranges of numbers: [design.md](design.md) §12.2. A number is never used again for something else.
[What must be understood](../packages/wire-codec/README.md#what-must-be-understood), and what may be ignored, is one rule for all of them.

| number | message | version | package | CDDL |
| --- | --- | --- | --- | --- |`
