export interface ConvertedHtaccess {
  /** Lines for `rewrite` of interpeer.json. */
  readonly rewrite: readonly string[]
  /** For `errorPages`. */
  readonly errorPages: Readonly<Record<string, string>>
  /** Directives that are not taken, with their line. */
  readonly left: readonly { readonly line: number; readonly directive: string }[]
}
/** What holds here anyway, or says nothing to visitors. */
const PASSED =
  /^(?:rewriteengine|directoryindex|options|addtype|adddefaultcharset|fileetag|serversignature|indexignore|addhandler|sethandler|adddoutputfilterbytype|setoutputfilter|expiresactive|expiresdefault|expiresbytype|order|allow|satisfy)$/i
const DENIES = /^(?:deny\s+from\s+all|require\s+all\s+denied)$/i
const ALLOWS = /^(?:allow\s+from\s+all|require\s+all\s+granted)$/i
const LINES_MAX = 10_000

/**
 * What an .htaccess of Apache means for an interpeer.json. `folder` is where it lies below the document root ('' for that itself): rules of deeper ones are not taken,
 * but what they close to visitors stays closed.
 * @param isTaken whether a line of rewriting is one that the runtime reads
 */
export function convertHtaccess(text: string, folder: string, isTaken: (line: string) => boolean): ConvertedHtaccess {
  const access: string[] = []
  const rewrite: string[] = []
  const errorPages: Record<string, string> = {}
  const left: { line: number; directive: string }[] = []
  /** Blocks that are open: what they are, and whether what is in them holds. */
  const blocks: { readonly name: string; readonly argument: string; readonly holds: boolean }[] = []
  let conditions: { readonly line: number; readonly text: string }[] = []
  for (const [i, given] of joined(text).entries()) {
    const content = given.trim()
    const line = i + 1
    if (content === '' || content.startsWith('#')) continue
    const open = /^<(\w+)\s*([^>]*)>$/.exec(content)
    if (open !== null) {
      const [, name = '', argument = ''] = open
      blocks.push({ name: name.toLowerCase(), argument: argument.trim(), holds: !/^!mod_/i.test(argument.trim()) })
      continue
    }
    if (content.startsWith('</')) {
      blocks.pop()
      continue
    }
    if (blocks.some(({ holds }) => !holds)) continue
    const around = blocks.findLast(({ name }) => name !== 'ifmodule')
    const [directive = '', ...words] = content.split(/\s+/)
    const name = directive.toLowerCase()
    if (DENIES.test(content) || (around !== undefined && ALLOWS.test(content))) {
      const isAllowed = ALLOWS.test(content)
      const rule = accessRule(around, folder, isAllowed)
      if (rule === undefined || !isTaken(rule))
        left.push({ line, directive: `${around === undefined ? '' : `<${around.name}> `}${content}` })
      else if (!access.includes(rule)) {
        // an exception comes before what it is one of
        if (isAllowed) access.unshift(rule)
        else access.push(rule)
      }
    } else if (around !== undefined) {
      if (!PASSED.test(name) && name !== 'require') left.push({ line, directive: `<${around.name}> ${directive}` })
    } else if (name === 'rewritecond' || name === 'rewriterule') {
      if (folder !== '') left.push({ line, directive })
      else if (name === 'rewritecond') conditions.push({ line, text: content })
      else {
        const lines = [...conditions, { line, text: content }]
        const refused = lines.filter((one) => !isTaken(one.text))
        // a rule without one of its conditions would be another rule
        if (refused.length === 0) rewrite.push(...lines.map((one) => one.text))
        else left.push(...refused.map((one) => ({ line: one.line, directive: one.text })))
        conditions = []
      }
    } else if (
      name === 'errordocument' &&
      folder === '' &&
      /^(?:403|404|405|410)$/.test(words[0] ?? '') &&
      /^\/[!-~]*$/.test(words[1] ?? '')
    ) {
      errorPages[words[0] as string] = words[1] as string
    } else if (name === 'rewritebase' && (words[0] === '/' || folder !== '')) continue
    else if (!PASSED.test(name) && !(name === 'require' && /^all\s+granted$/i.test(words.join(' ')))) left.push({ line, directive })
  }
  return { rewrite: [...access, ...rewrite], errorPages, left }
}

/** A line that ends in a backslash goes on in the next. Their numbers stay. */
function joined(text: string): string[] {
  const lines = text.replaceAll('\r', '').split('\n').slice(0, LINES_MAX)
  for (let i = lines.length - 2; i >= 0; i--) {
    if (!lines[i]?.endsWith('\\')) continue
    lines[i] = `${lines[i]?.slice(0, -1)} ${lines[i + 1]}`
    lines[i + 1] = ''
  }
  return lines
}

/** The rule that closes, or opens, what a block names, or closes the whole folder. */
function accessRule(
  around: { readonly name: string; readonly argument: string } | undefined,
  folder: string,
  isAllowed: boolean,
): string | undefined {
  const below = folder === '' ? '' : `${escaped(folder)}/`
  const flag = isAllowed ? 'L' : 'F'
  // a script that is closed must not answer with a path behind its name either
  const rest = isAllowed ? '$' : '(?:/|$)'
  if (around === undefined) return folder === '' || isAllowed ? undefined : `RewriteRule ^${escaped(folder)}(/|$) - [F]`
  const argument = around.argument.replace(/^"(.*)"$/, '$1')
  if (around.name === 'files' && /^[\w.*-]+$/.test(argument))
    return `RewriteRule ^${below}(.*/)?${escaped(argument).replaceAll('\\*', '[^/]*')}${rest} - [${flag}]`
  if (around.name !== 'filesmatch' || /\s/.test(argument)) return undefined
  // it is looked for anywhere in a name: what is not tied to an end may have more there
  const [begin, end] = [argument.startsWith('^') ? '' : '[^/]*', argument.endsWith('$') && !argument.endsWith('\\$') ? '' : '[^/]*']
  const form = argument.slice(begin === '' ? 1 : 0, end === '' ? -1 : undefined)
  if (/[\^$/]/.test(form) || hasOpenAlternatives(form)) return undefined
  return `RewriteRule ^${below}(.*/)?${begin}${form}${end}${rest} - [${flag}]`
}

/** `a|b` outside of parentheses: what is put before it would belong to the first alone. */
function hasOpenAlternatives(form: string): boolean {
  let depth = 0
  for (let i = 0; i < form.length; i++) {
    if (form[i] === '\\') i++
    else if (form[i] === '(') depth++
    else if (form[i] === ')') depth--
    else if (form[i] === '|' && depth === 0) return true
  }
  return false
}

const escaped = (text: string): string => text.replaceAll(/[^\w/-]/g, (letter) => `\\${letter}`)
