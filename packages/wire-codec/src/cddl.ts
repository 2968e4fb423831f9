import type { Message } from './message.js'

/**
 * What a CDDL file is held to: a message, or a record that has no number. `version` is of messages only, and with it their `maxBytes` is
 * part of the contract: without a limit alike, one peer sends what another refuses.
 */
export interface Declared {
  readonly name: string
  /** Its CDDL rule, name included. */
  readonly cddl: () => string
  readonly version?: number
  readonly maxBytes?: number
}

/** What the comment above a rule says of it: `Version 1, at most 160 bytes. Signed by voter.` */
export interface RuleFacts {
  readonly version: number | undefined
  /** Of the array, without an envelope. */
  readonly maxBytes: number | undefined
  /** The field that holds the signer's key, or who else it is; null: not signed; undefined: not said. */
  readonly signer: string | null | undefined
}

/**
 * What differs between a message and the CDDL file that is its contract with other implementations: names, order, kinds and
 * sizes of its fields. Nothing differs: an empty list. Comments and white space are ignored. A rule that the file names (`hash =
 * bstr .size 32`) is put in where it is used; `soft / certify`, rules that are 0 and 1, is what the code calls `0..1`.
 */
export function checkCddl(message: Pick<Message<never>, 'name' | 'cddl'> | Declared, cddlText: string): string[] {
  const rules = new Map(rulesOf(cddlText))
  const found = rules.get(message.name)
  if (found === undefined) return [`no rule named ${message.name}`]
  const expected = normal(message.cddl().slice(message.name.length + 3))
  const written = normal(expand(found, rules, 0))
  if (written === expected) return []
  const [a, b] = [fieldsOf(expected), fieldsOf(written)]
  const differences: string[] = []
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] !== b[i]) differences.push(`field ${i}: the code says "${a[i] ?? ''}", the CDDL "${b[i] ?? ''}"`)
  }
  return differences.length > 0 ? differences : [`the code says "${expected}", the CDDL "${written}"`]
}

/**
 * Holds a package's whole CDDL file to all that its code declares, both ways: `checkCddl` of each, its version and limit as the comment above
 * its rule states them, and no rule that is neither declared nor used by one that is. One line for each difference.
 */
export function checkContract(declared: readonly Declared[], cddlText: string): string[] {
  const rules = rulesOf(cddlText)
  const bodies = new Map(rules)
  const faults = declared.flatMap((one) => checkCddl(one, cddlText).map((fault) => `${one.name}: ${fault}`))
  for (const { name, version, maxBytes } of declared) {
    const facts = factsOfRule(name, cddlText)
    if (facts.version !== version) faults.push(`${name}: the code has version ${version}, the CDDL ${facts.version}`)
    if (facts.maxBytes !== maxBytes) faults.push(`${name}: the code takes at most ${maxBytes} bytes, the CDDL says ${facts.maxBytes}`)
    if (version !== undefined && facts.signer === undefined) faults.push(`${name}: the CDDL does not say who signs it`)
  }
  const used = new Set<string>()
  const use = (name: string): void => {
    if (used.has(name)) return
    used.add(name)
    for (const word of wordsOf(bodies.get(name) ?? '')) if (bodies.has(word)) use(word)
  }
  for (const { name } of declared) use(name)
  const twice = rules.filter(([name], i) => rules.findIndex(([other]) => other === name) < i)
  faults.push(...twice.map(([name]) => `${name}: two rules have this name`))
  faults.push(...[...bodies.keys()].filter((name) => !used.has(name)).map((name) => `${name}: no code has this rule`))
  return faults
}

/** What the comment right above a rule states. */
export function factsOfRule(name: string, cddlText: string): RuleFacts {
  const above = cddlText.match(new RegExp(`((?:^;[^\\n]*\\n)*)^${name}\\s*=`, 'm'))?.[1] ?? ''
  const words = above.replace(/^;\s?/gm, '').replaceAll('\n', ' ')
  const [, version, most] = words.match(/(?:\bVersion (\d+), )?\bat most ([\d,]+) bytes/i) ?? []
  const signer = words.match(/\bSigned by ([a-z][\w-]*)/)?.[1]
  return {
    version: version === undefined ? undefined : Number(version),
    maxBytes: most === undefined ? undefined : Number(most.replaceAll(',', '')),
    signer: /\bNot signed\b/.test(words) ? null : signer,
  }
}

function rulesOf(cddlText: string): [string, string][] {
  const clean = cddlText.replace(/;[^\n]*/g, '')
  return [...clean.matchAll(/^([A-Za-z][\w-]*)\s*=\s*([\s\S]*?)(?=^[A-Za-z][\w-]*\s*=|$(?![\s\S]))/gm)].map(([, name, body]) => [
    name as string,
    (body as string).trim(),
  ])
}

/** Names where a type can stand; the names of fields are followed by a colon. */
const NAME_OF_TYPE = /(?<![\w.-])([A-Za-z][\w-]*)(?!\s*:)(?![\w-])/g
const wordsOf = (body: string): string[] => [...body.matchAll(NAME_OF_TYPE)].map(([, word]) => word as string)

const MAX_RULE_DEPTH = 8
/** Puts named rules in where they are used as a type: after a colon, a slash, an occurrence, an opening bracket. */
function expand(body: string, rules: ReadonlyMap<string, string>, depth: number): string {
  if (depth > MAX_RULE_DEPTH) return body
  return body.replace(NAME_OF_TYPE, (word: string) => {
    const rule = rules.get(word)
    return rule === undefined ? word : bracketed(expand(rule, rules, depth + 1))
  })
}

const bracketed = (type: string): string => (hasChoice(type) ? `(${type})` : type)

const normal = (text: string): string => withoutIdleParentheses(spaced(text))
const spaced = (text: string): string =>
  text
    .replace(/(?<![(\d])(\d+)\.\.(\d+)/g, (_, first: string, last: string) => choicesOf(Number(first), Number(last)))
    .replace(/\s+/g, ' ')
    .replace(/,\s*\]/g, ']')
    .replace(/\s*([[\](),:/])\s*/g, '$1')
    .trim()
const choicesOf = (first: number, last: number): string => Array.from({ length: last - first + 1 }, (_, i) => first + i).join('/')

/**
 * Round brackets say something around sizes and tags, and around a choice of which a list has several; elsewhere they are left out. White space
 * is gone by now.
 */
function withoutIdleParentheses(text: string): string {
  for (let at = text.indexOf('('); at >= 0; at = text.indexOf('(', at + 1)) {
    const before = text.slice(0, at)
    const end = closingOf(text, at)
    const isListed = /\d\*\d+$/.test(before)
    if (isListed ? hasChoice(text.slice(at + 1, end)) : /[\w]$/.test(before)) continue
    return withoutIdleParentheses(
      before + (isListed && /\w/.test(text[at + 1] ?? '') ? ' ' : '') + text.slice(at + 1, end) + text.slice(end + 1),
    )
  }
  return text
}
/** Where the bracket at `at` is closed. */
function closingOf(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '(' || text[i] === '[') depth++
    if ((text[i] === ')' || text[i] === ']') && --depth === 0) return i
  }
  return text.length
}
function hasChoice(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '/') return true
    if (text[i] === '(' || text[i] === '[') i = closingOf(text, i)
  }
  return false
}

/** Splits at the commas of the outermost bracket. */
function fieldsOf(text: string): string[] {
  const parts: string[] = []
  let [depth, part] = [0, '']
  for (const character of text.slice(1, -1)) {
    if (character === '[' || character === '(') depth++
    if (character === ']' || character === ')') depth--
    if (character === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part]
}
