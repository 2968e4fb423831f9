export interface Group {
  readonly name: string
  readonly prefixes: readonly string[]
}
const folder = (path: string): Group => ({ name: path.replace(/^ext\//, ''), prefixes: [`${path}/tests/`] })
const below = (path: string, part: string): Group => ({
  name: `${path.replace(/^ext\//, '')}: ${part}`,
  prefixes: [`${path}/tests/${part}/`],
})

/** What is run and reported, in this order. The first that a test belongs to counts it. */
export const groups: readonly Group[] = [
  folder('Zend'),
  ...['array', 'strings', 'math', 'serialize', 'file', 'general_functions'].map((part) => below('ext/standard', part)),
  { name: 'standard: the rest', prefixes: ['ext/standard/tests/'] },
  ...['json', 'pcre', 'spl', 'dom', 'ctype', 'session', 'sqlite3', 'pdo_sqlite', 'date', 'reflection', 'hash', 'zlib', 'tokenizer'].map(
    (name) => folder(`ext/${name}`),
  ),
  ...['mbstring', 'random', 'filter', 'iconv', 'bcmath', 'calendar', 'libxml', 'simplexml', 'xml', 'xmlreader', 'xmlwriter', 'zip'].map(
    (name) => folder(`ext/${name}`),
  ),
  ...['classes', 'lang', 'func', 'basic', 'output', 'security', 'strings'].map(
    (name): Group => ({ name: `tests: ${name}`, prefixes: [`tests/${name}/`] }),
  ),
]
