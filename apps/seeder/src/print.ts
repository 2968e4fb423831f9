/**
 * The one place that prints: what strangers named or wrote (in a dump, a folder, a manifest, a log, on the chain) is text here. It moves no cursor, turns no direction, and begins no line.
 * We print without colours; were there any, they would be put around what has come through here.
 */

/** Controls of one or two bytes, what turns or hides text, and what ends lines; but not the two joiners that words of many languages, and pictures, are written with. */
const UNSEEN = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** One line of text. */
export const harmless = (text: string): string =>
  text.replaceAll(UNSEEN, (letter) => (letter === '\t' ? '  ' : `\\u{${letter.codePointAt(0)?.toString(16)}}`))

/** As JSON that means the same. */
export const jsonOf = (facts: object, indent?: number): string =>
  JSON.stringify(facts, null, indent).replaceAll(UNSEEN, (letter) =>
    letter === '\n' // only between values: in them it is escaped already
      ? letter
      : Array.from({ length: letter.length }, (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )

/** Answers, on stdout. Each is one line. */
export const printLines = (...lines: readonly string[]): void => void process.stdout.write(textOf(lines))
/** What goes on, and what went wrong, on stderr. */
export const tell = (...lines: readonly string[]): void => void process.stderr.write(textOf(lines))
const textOf = (lines: readonly string[]): string => lines.map((line) => `${harmless(line)}\n`).join('')

export const printJson = (facts: object, indent?: number): void => void process.stdout.write(`${jsonOf(facts, indent)}\n`)

/** An answer, in lines for people or as JSON for programs. */
export function print(
  facts: object,
  lines: string | readonly string[],
  { json = false }: { readonly json?: boolean | undefined } = {},
): void {
  if (json) printJson(facts)
  else printLines(...[lines].flat())
}

const linewise =
  (stream: NodeJS.WritableStream) =>
  (text: string): void =>
    void stream.write(text.split('\n').map(harmless).join('\n'))
/** What commander prints itself: help, and faults in arguments. It brings lines of its own. */
export const commanderOutput = { writeOut: linewise(process.stdout), writeErr: linewise(process.stderr) }
