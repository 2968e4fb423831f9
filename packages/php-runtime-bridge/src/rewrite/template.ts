/** A text of a rule with what is put into it: groups of the rule's pattern ($1), of the last condition's (%1), and variables (%{NAME}). */
export type Template = readonly TemplatePart[]
type TemplatePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'group'; readonly of: 'rule' | 'condition'; readonly group: number }
  | { readonly type: 'variable'; readonly name: string }

/** Variables that rules can read; `HTTP:Name` beside them, any header of the request. */
export const VARIABLES = [
  'REQUEST_URI',
  'REQUEST_FILENAME',
  'SCRIPT_FILENAME',
  'QUERY_STRING',
  'REQUEST_METHOD',
  'REQUEST_SCHEME',
  'THE_REQUEST',
  'HTTP_HOST',
  'HTTP_USER_AGENT',
  'HTTP_REFERER',
  'HTTP_COOKIE',
  'HTTP_ACCEPT',
  'HTTPS',
  'SERVER_NAME',
  'SERVER_PORT',
  'SERVER_PROTOCOL',
  'DOCUMENT_ROOT',
  'REMOTE_ADDR',
  'ENV:REDIRECT_STATUS',
] as const
const HEADER = /^HTTP:[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

export interface TemplateValues {
  readonly groups: readonly string[]
  readonly conditionGroups: readonly string[]
  readonly variable: (name: string) => string
}

/** @returns what is wrong with it, where it names what is not there */
export function parseTemplate(text: string): Template | { readonly fault: string } {
  const parts: TemplatePart[] = []
  let plain = ''
  const put = (part: TemplatePart) => {
    if (plain !== '') parts.push({ type: 'text', text: plain })
    plain = ''
    parts.push(part)
  }
  for (let at = 0; at < text.length; at++) {
    const [letter = '', next = ''] = [text[at], text[at + 1]]
    if (letter === '\\' && next !== '') {
      plain += next
      at++
    } else if ((letter === '$' || letter === '%') && /\d/.test(next)) {
      put({ type: 'group', of: letter === '$' ? 'rule' : 'condition', group: Number(next) })
      at++
    } else if ((letter === '%' || letter === '$') && next === '{') {
      const end = text.indexOf('}', at)
      const name = text.slice(at + 2, end < 0 ? undefined : end)
      if (end < 0) return { fault: 'a } after each %{' }
      if (letter === '$') return { fault: 'no maps, which begin with a dollar and a brace' }
      if (!(VARIABLES as readonly string[]).includes(name) && !HEADER.test(name)) {
        return { fault: `variables of ${VARIABLES.join(', ')}, HTTP:<header>` }
      }
      put({ type: 'variable', name })
      at = end
    } else plain += letter
  }
  if (plain !== '' || parts.length === 0) parts.push({ type: 'text', text: plain })
  return parts
}

/** The two parts of a template at its first question mark; what is put in never counts as one. */
export function splitAtQuery(template: Template): { readonly path: Template; readonly query: Template | undefined } {
  for (const [i, part] of template.entries()) {
    const mark = part.type === 'text' ? part.text.indexOf('?') : -1
    if (part.type !== 'text' || mark < 0) continue
    const text = (piece: string): Template => (piece === '' ? [] : [{ type: 'text', text: piece }])
    return {
      path: [...template.slice(0, i), ...text(part.text.slice(0, mark))],
      query: [...text(part.text.slice(mark + 1)), ...template.slice(i + 1)],
    }
  }
  return { path: template, query: undefined }
}

/** @param escaped what becomes of a group that is put in */
export function expand(template: Template, values: TemplateValues, escaped: (text: string) => string = (text) => text): string {
  let text = ''
  for (const part of template) {
    if (part.type === 'text') text += part.text
    else if (part.type === 'variable') text += values.variable(part.name)
    else text += escaped((part.of === 'rule' ? values.groups : values.conditionGroups)[part.group] ?? '')
    if (text.length > EXPANDED_UNITS_MAX) return text.slice(0, EXPANDED_UNITS_MAX).replace(HALF_LETTER, '')
  }
  return text
}
/** As long as a request's target may be: rules that double what they find grow no further. */
const EXPANDED_UNITS_MAX = 8192
const HALF_LETTER = /[\uD800-\uDBFF]$/
