import { external, type Phpt } from './phpt.ts'

/** Undefined where a test has no expectation, or one that is no pattern here. */
export type Expectation = (output: string) => boolean

/** What a test expects of its output: the text itself (EXPECT), with placeholders (EXPECTF), or a pattern (EXPECTREGEX). */
export function expectationOf(test: Phpt, read: (path: string) => string | undefined): Expectation | undefined {
  const given = (name: string) => test.sections.get(name) ?? external(test, `${name}_EXTERNAL`, read)
  const [text, format, pattern] = [given('EXPECT'), given('EXPECTF'), given('EXPECTREGEX')]
  if (text !== undefined) return (output) => tidy(output) === tidy(text)
  if (format !== undefined) return matcher(formatPattern(tidy(format)))
  return pattern === undefined ? undefined : matcher(tidy(pattern))
}

function matcher(pattern: string): Expectation | undefined {
  try {
    const whole = new RegExp(`^${pattern}$`, 's')
    return (output) => whole.test(tidy(output))
  } catch {
    // a pattern that is none in JavaScript: the test is not run
    return undefined
  }
}

const tidy = (text: string) => text.replaceAll('\r\n', '\n').replace(/^[ \t\n\r\0\v]+|[ \t\n\r\0\v]+$/g, '')

const placeholders: Readonly<Record<string, string>> = {
  '%e': '/',
  '%s': '[^\\r\\n]+',
  '%S': '[^\\r\\n]*',
  '%a': '.+?',
  '%A': '.*?',
  '%w': '\\s*',
  '%i': '[+-]?\\d+',
  '%d': '\\d+',
  '%x': '[0-9a-fA-F]+',
  '%f': '[+-]?(?:\\d+|(?=\\.\\d))(?:\\.\\d+)?(?:[Ee][+-]?\\d+)?',
  '%c': '.',
  '%0': '\\x00',
}

/** EXPECTF as a pattern: what stands between %r and %r is one already. */
export function formatPattern(format: string): string {
  const parts = format.split('%r')
  return parts.map((part, i) => (i % 2 === 1 && i < parts.length - 1 ? `(?:${part})` : plain(part))).join('')
}

function plain(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/%[esSaAwidxfc0]/g, (placeholder) => placeholders[placeholder] as string)
}
