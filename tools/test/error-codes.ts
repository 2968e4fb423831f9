import type { SourceFile } from './workspace.js'

const CODE = '[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*'

/** The codes of a package's failure union: every `code: 'A' | 'B'` in its errors.ts. */
export function codesOfUnion(text: string): string[] {
  const members = text.matchAll(new RegExp(`code: ((?:'${CODE}'(?:\\s*\\|\\s*)?)+)`, 'g'))
  return [...members].flatMap(([, codes = '']) => [...codes.matchAll(/'([^']+)'/g)].map(([, code = '']) => code))
}

/** The codes of a type that is a union of nothing else: `export type RefusalCode = | 'A' | 'B'`. */
export function codesOfType(text: string, type: string): string[] {
  const [, union = ''] = text.match(new RegExp(`export type ${type} =([^=]*?)(?:\\n\\n|$)`)) ?? []
  return [...union.matchAll(new RegExp(`'(${CODE})'`, 'g'))].map(([, code = '']) => code)
}

/** The codes that the gateway has a page for: the keys of the table in refusal.ts. */
export const codesOfPages = (text: string): string[] =>
  [...text.matchAll(new RegExp(`^ {2}(${CODE}): \\{$`, 'gm'))].map(([, code = '']) => code)

/** docs/errors.md: which code is explained under which heading. A row begins with the code, or several: `| \`A\`, \`B\` | …`. */
export function documented(doc: string): ReadonlyMap<string, ReadonlySet<string>> {
  const sections = new Map<string, Set<string>>()
  let heading = ''
  for (const line of doc.split('\n')) {
    heading = line.match(/^## (.+)$/)?.[1] ?? heading
    const cell = line.match(/^\| (`[^|]+) \|/)?.[1] ?? ''
    for (const [, code = ''] of cell.matchAll(new RegExp(`\`(${CODE})\``, 'g')))
      sections.set(heading, (sections.get(heading) ?? new Set()).add(code))
  }
  return sections
}

/** Codes that one table explains twice: what merges of this page leave. */
export function codesTwice(doc: string): string[] {
  const twice: string[] = []
  let table = new Set<string>()
  for (const line of doc.split('\n')) {
    if (!line.startsWith('|')) table = new Set()
    const cell = line.match(/^\| (`[^|]+) \|/)?.[1] ?? ''
    for (const [, code = ''] of cell.matchAll(new RegExp(`\`(${CODE})\``, 'g'))) {
      if (table.has(code)) twice.push(code)
      table.add(code)
    }
  }
  return twice
}

/** Codes in the sources that the section named after their package lacks, and codes in the document that no source has. */
export function errorDocFaults(doc: string, packages: ReadonlyMap<string, readonly string[]>, sources: readonly SourceFile[]): string[] {
  const sections = documented(doc)
  const faults: string[] = []
  for (const [owner, codes] of packages) {
    for (const code of codes) if (!sections.get(owner)?.has(code)) faults.push(`docs/errors.md: "${owner}" lacks ${code}`)
  }
  const text = sources.map((file) => file.text).join('\n')
  for (const [section, codes] of sections) {
    for (const code of codes) {
      if (!new RegExp(`\\b${code}\\b`).test(text)) faults.push(`docs/errors.md: "${section}" has ${code}, which is nowhere in the code`)
    }
  }
  return faults
}
