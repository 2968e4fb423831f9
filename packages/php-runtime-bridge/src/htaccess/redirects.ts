import { literal } from './literal.js'

const STATUS: Readonly<Record<string, string>> = { permanent: '301', temp: '302', seeother: '303', gone: '410' }

/** Redirect and its like as a rule. undefined where it is of another form. */
export function redirectRule(name: string, words: readonly string[]): string | undefined {
  const given = name === 'redirectpermanent' ? ['301', ...words] : name === 'redirecttemp' ? ['302', ...words] : words
  const [first = ''] = given
  const known = STATUS[first.toLowerCase()] ?? (/^\d{3}$/.test(first) ? first : undefined)
  const status = known ?? '302'
  const [from, to, ...more] = known === undefined ? given : given.slice(1)
  if (from === undefined || more.length > 0) return undefined
  const pattern =
    name === 'redirectmatch'
      ? from.replace(/^\^?\/?/, (begin) => (begin.startsWith('^') ? '^' : ''))
      : `^${literal(from.replace(/^\//, ''))}(/.*)?$`
  if (status === '410' || status === '403') return `RewriteRule "${pattern}" - [${status === '410' ? 'G' : 'F'}]`
  if (to === undefined || !/^(?:https?:\/\/|\/)/i.test(to)) return undefined
  const target = name === 'redirectmatch' ? to : `${to.replaceAll(/[%$\\]/g, '\\$&')}$1`
  return `RewriteRule "${pattern.replaceAll('"', '\\"')}" "${target.replaceAll('"', '\\"')}" [R=${status},L]`
}
