import type { Message } from './message.js'

/**
 * What differs between a message and the CDDL file that is its contract with other implementations: names, order, kinds and
 * sizes of its fields. Nothing differs: an empty list. Comments and white space are ignored. A rule that the file names (`hash =
 * bstr .size 32`) is put in where it is used.
 */
export function checkCddl(message: Pick<Message<never>, 'name' | 'cddl'>, cddlText: string): string[] {
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

function rulesOf(cddlText: string): [string, string][] {
  const clean = cddlText.replace(/;[^\n]*/g, '')
  return [...clean.matchAll(/^([A-Za-z][\w-]*)\s*=\s*([\s\S]*?)(?=^[A-Za-z][\w-]*\s*=|$(?![\s\S]))/gm)].map(([, name, body]) => [
    name as string,
    (body as string).trim(),
  ])
}

const MAX_RULE_DEPTH = 8
/** Puts named rules in where they are used as a type: after a colon, a slash, an occurrence, an opening bracket. */
function expand(body: string, rules: ReadonlyMap<string, string>, depth: number): string {
  if (depth > MAX_RULE_DEPTH) return body
  return body.replace(/([A-Za-z][\w-]*)(?!\s*:)(?![\w-])/g, (word: string) => {
    const rule = rules.get(word)
    return rule === undefined ? word : expand(rule, rules, depth + 1)
  })
}

const normal = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/,\s*\]/g, ']')
    .replace(/\s*([[\](),:])\s*/g, '$1')
    .trim()

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
