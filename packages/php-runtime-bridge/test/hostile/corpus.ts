import { readdirSync, readFileSync } from 'node:fs'

/** One hostile script, and what has to come of it. */
export interface HostileCase {
  readonly family: string
  readonly name: string
  readonly expect: string
  readonly script: string
}
/** What the scripts are told of this machine, so that they can try to reach it. */
export type Places = Readonly<Record<string, string>>

const folder = new URL('corpus/', import.meta.url)
/** Says 'no' where everything that was tried came to nothing, otherwise shows what came. */
const PRELUDE = "<?php function no(...$seen) { foreach ($seen as $one) if ($one) { echo 'LEAK '; var_dump($one); return; } echo 'no'; } ?>"

/**
 * Reads the corpus: a file for each family. `=== name` begins a template, `? …` says what is expected, each line `* …` gives a value for
 * {{1}} and so a case, what follows is PHP.
 */
export function readCorpus(places: Places): HostileCase[] {
  const files = readdirSync(folder).sort()
  return files.flatMap((file) => casesIn(file.replace('.txt', ''), readFileSync(new URL(file, folder), 'utf8'), places))
}

function casesIn(family: string, text: string, places: Places): HostileCase[] {
  const templates = text.split(/^=== /m).slice(1)
  return templates.flatMap((template) => {
    const [name = '', ...lines] = template.trimEnd().split('\n')
    const starting = (mark: string) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length))
    const [expect = ''] = starting('? ')
    const body = lines.filter((line) => !/^[?*] /.test(line)).join('\n')
    const values = starting('* ')
    const fill = (part: string, value: string) =>
      part.replaceAll(/\{\{(\w+)\}\}/g, (whole, key: string) => (key === '1' ? value : (places[key] ?? whole)))
    return (values.length === 0 ? [''] : values).map((value) => {
      const filled = fill(value, '')
      return { family, name: fill(name, value), expect: fill(expect, filled), script: `${PRELUDE}<?php ${fill(body, filled)}` }
    })
  })
}
