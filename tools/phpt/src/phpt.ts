/** A test of php-src: text by section. All text is latin1, one character for each byte: scripts and what is expected may be any bytes. */
export interface Phpt {
  /** Path below php-src, as in 'Zend/tests/bug1.phpt'. */
  readonly path: string
  readonly sections: ReadonlyMap<string, string>
}

const SECTION = /^--([_A-Z]+)--\s*$/

/** Reads the sections; the text of each ends with its last newline. Lines before the first section are left out. */
export function parsePhpt(path: string, text: string): Phpt {
  const sections = new Map<string, string>()
  let name = ''
  let ended = false
  for (const line of text.match(/[^\n]*\n|[^\n]+/g) ?? []) {
    const section = SECTION.exec(line)?.[1]
    if (section !== undefined) {
      name = section
      ended = false
      sections.set(name, '')
    } else if (name !== '' && !ended) {
      sections.set(name, sections.get(name) + line)
      // what comes after ===DONE=== in a script is a note
      ended = name === 'FILE' && /^===DONE===\s*$/i.test(line)
    }
  }
  return { path, sections }
}

/** The script, which may lie in a file beside the test. */
export function scriptOf(test: Phpt, read: (path: string) => string | undefined): string | undefined {
  const { sections } = test
  const whole = sections.get('FILE')
  if (whole !== undefined) return whole
  const withoutEnd = sections.get('FILEEOF')
  if (withoutEnd !== undefined) return withoutEnd.replace(/[\r\n]+$/, '')
  return external(test, 'FILE_EXTERNAL', read)
}

export function external(test: Phpt, section: string, read: (path: string) => string | undefined): string | undefined {
  const name = test.sections.get(section)?.trim()
  // php-src itself lets a test name files of its own folder only
  return name === undefined ? undefined : read(`${folderOf(test.path)}/${name.replaceAll('..', '')}`)
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** 'name: value' or 'NAME=value' a line. */
export function pairsOf(text: string, mark: '=' | ':'): [name: string, value: string][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes(mark) && !line.startsWith(';'))
    .map((line) => [line.slice(0, line.indexOf(mark)).trim(), line.slice(line.indexOf(mark) + 1).trim()])
}
