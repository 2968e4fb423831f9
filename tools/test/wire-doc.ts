import { factsOfRule, type RuleFacts } from '../../packages/wire-codec/src/cddl.js'
import type { SourceFile } from './workspace.js'

interface RuleOfFile extends RuleFacts {
  readonly name: string
  /** The folder's name: `overlay`. */
  readonly package: string
  /** Relative to the root. */
  readonly cddl: string
}
interface MessageFacts extends RuleOfFile {
  readonly number: number
}

/** `type:` of a message is its number, 16 or more (`design.md` §12.2); a smaller one is the tag of a variant inside a message. */
const NUMBER_MIN = 16
/** `design.md` §12.2: whose messages have which numbers. `peer` wires the layers and declares messages of theirs. */
export const RANGES: readonly (readonly [owner: string, first: number, last: number])[] = [
  ['overlay', 16, 31],
  ['content-store', 32, 47],
  ['peer-group', 48, 79],
  ['vote-chain', 80, 111],
  ['job-scheduler', 112, 127],
  ['intercoin-ledger', 128, 143],
  ['name-service', 144, 159],
  ['peer-group', 160, 175],
]
const ownersOf = (number: number): string[] => RANGES.flatMap(([owner, first, last]) => (first <= number && number <= last ? [owner] : []))

/** The ranges that a text states, in the order of `RANGES`: §12.2 of the design, the head of message-numbers.ts. */
export const statedRanges = (text: string): string[] => [...text.matchAll(/\b(\d+–\d+)\b/g)].map(([, range = '']) => range)
export const ourRanges = (): string[] => RANGES.map(([, first, last]) => `${first}–${last}`)

const withoutComments = (text: string): string => text.replace(/;[^\n]*/g, '')

/** The rules of CDDL files that stand for a whole message. */
export function messageRules(files: readonly SourceFile[]): MessageFacts[] {
  return files.flatMap(({ path, text }) => {
    const rules = [...withoutComments(text).matchAll(/^([a-z][\w-]*)\s*=\s*\[\s*type:\s*(\d+)/gm)]
    return rules
      .map(([, name = '', number]) => ({ name, number: Number(number), package: packageOf(path), cddl: path, ...factsOfRule(name, text) }))
      .filter(({ number }) => number >= NUMBER_MIN)
  })
}
/** The rules that stand for a record, which has a limit and no number. */
function recordRules(files: readonly SourceFile[]): RuleOfFile[] {
  return files.flatMap(({ path, text }) => {
    const names = [...withoutComments(text).matchAll(/^([a-z][\w-]*)\s*=/gm)].map(([, name = '']) => name)
    return names
      .map((name) => ({ name, package: packageOf(path), cddl: path, ...factsOfRule(name, text) }))
      .filter(({ version, maxBytes }) => version === undefined && maxBytes !== undefined)
  })
}

/** Messages that code declares: `message('overlay-hello', 16, 1, …`, by name. */
export function declarations(
  files: readonly SourceFile[],
): ReadonlyMap<string, readonly { readonly package: string; readonly version: number }[]> {
  const found = new Map<string, { package: string; version: number }[]>()
  for (const { path, text } of files) {
    for (const [, name = '', version] of text.matchAll(/\bmessage\(\s*'([a-z][\w-]*)',\s*\d+,\s*(\d+),/g)) {
      found.set(name, [...(found.get(name) ?? []), { package: packageOf(path), version: Number(version) }])
    }
  }
  return found
}

export const packageOf = (path: string): string => path.split('/')[1] ?? ''

/** Where numbers, CDDL files and code differ about which messages there are: one line each. */
export function wireFaults(numbers: Readonly<Record<string, number>>, cddl: readonly SourceFile[], code: readonly SourceFile[]): string[] {
  const rules = messageRules(cddl)
  const declared = declarations(code)
  const faults: string[] = []
  for (const { name, number, cddl: path, package: owner, maxBytes, version, signer } of rules) {
    const listed = numbers[name]
    if (listed === undefined) faults.push(`${path}: ${name} is not in message-numbers.ts`)
    else if (listed !== number) faults.push(`${path}: ${name} is ${number}, message-numbers.ts says ${listed}`)
    const owners = ownersOf(number)
    if (RANGES.some(([one]) => one === owner) && !owners.includes(owner))
      faults.push(`${path}: ${name} has ${number}, out of its package's range`)
    if (owners.length === 0) faults.push(`${path}: ${name} has ${number}, in no layer's range`)
    if (version === undefined || maxBytes === undefined || signer === undefined)
      faults.push(`${path}: the comment above ${name} does not say its version, limit and signer`)
  }
  for (const name of Object.keys(numbers)) {
    const inCddl = rules.filter((rule) => rule.name === name)
    const inCode = declared.get(name) ?? []
    if (inCddl.length !== 1) faults.push(`${name}: in ${inCddl.length} CDDL files instead of one`)
    if (inCode.length !== 1) faults.push(`${name}: declared ${inCode.length} times in code instead of once`)
    const [rule, declaration] = [inCddl[0], inCode[0]]
    if (rule === undefined || declaration === undefined) continue
    if (rule.package !== declaration.package) faults.push(`${name}: its CDDL is in ${rule.package}, its code in ${declaration.package}`)
    if (rule.version !== declaration.version) faults.push(`${name}: version ${rule.version} in CDDL, ${declaration.version} in code`)
  }
  const named = new Map<number, string>()
  for (const [name, number] of Object.entries(numbers)) {
    if (named.has(number)) faults.push(`${name} has ${number}, and so has ${named.get(number)}`)
    named.set(number, name)
  }
  return faults
}

/** Schemas that code encodes or decodes as a whole record, and that no package's list of what it holds to the CDDL names. */
export function recordFaults(code: readonly SourceFile[], contracts: string): string[] {
  return code.flatMap(({ path, text }) => {
    const used = [...text.matchAll(/\b(?:encodeWith|decodeWith)\(\s*([A-Za-z]\w*)\s*,/g)].map(([, schema = '']) => schema)
    const missing = [...new Set(used)].filter((schema) => !new RegExp(`\\b${schema}\\b`).test(contracts))
    return missing.map((schema) => `${path}: ${schema} is in no contract`)
  })
}

/** docs/wire.md, whole. */
export function wireDoc(cddl: readonly SourceFile[]): string {
  const link = (path: string) => `[${path.split('/').at(-1)}](../${path})`
  const bytes = (count: number | undefined) => (count ?? 0).toLocaleString('en-GB')
  const rows = messageRules(cddl)
    .toSorted((a, b) => a.number - b.number)
    .map(({ number, name, version, maxBytes, signer, package: owner, cddl: path }) => {
      const by = signer === null ? '–' : `\`${signer}\``
      return `| ${number} | \`${name}\` | ${version} | ${bytes(maxBytes)} | ${by} | \`${owner}\` | ${link(path)} |`
    })
  const records = recordRules(cddl).map(
    ({ name, maxBytes, package: owner, cddl: path }) => `| \`${name}\` | ${bytes(maxBytes)} | \`${owner}\` | ${link(path)} |`,
  )
  const formats = cddl.filter(({ path, text }) => !messageRules([{ path, text }]).length && !recordRules([{ path, text }]).length)
  return `${HEAD}
${rows.join('\n')}

## Records

What has no number: blocks, and what peers keep on their own disks. A record that another package links to is read by anyone.

| record | bytes at most | package | CDDL |
| --- | --- | --- | --- |
${records.join('\n')}

## Other formats

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
contract for other implementations: each package's tests hold its code to it, both ways, limits included. Bytes that decode but encode otherwise
are refused. Signed messages travel in a COSE_Sign1 envelope, [crypto-ids.cddl](../packages/crypto-ids/src/crypto-ids.cddl), whose signature
names the network, the number and the version. Ranges of numbers: [design.md](design.md) §12.2. A number is never used again for something else.
[What must be understood](../packages/wire-codec/README.md#what-must-be-understood), and what may be ignored, is one rule for all of them.

Vectors, good and bad, one fault each with its code, are in each package's \`vectors/\`, exported as \`@interpeer/…/vectors/*\`:
[wire.json](../packages/wire-codec/vectors/README.md) for every message and record, \`signed.json\` for every signed one.

*At most*: bytes of the array, without an envelope. *Signed by*: the field that holds the signer's key; –: not signed.

| number | message | version | at most | signed by | package | CDDL |
| --- | --- | --- | --- | --- | --- | --- |`
