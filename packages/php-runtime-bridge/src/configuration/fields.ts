import { SLOTS_MAX } from '../limits.js'
import { isSitePath } from '../path.js'
import { DEFAULT_PHP_VERSION, phpVersions } from '../php-version.js'
import { PATTERNS_SIZE_MAX } from '../rewrite/pattern.js'
import { parseRewriteLine, sizeOfLine } from '../rewrite/rule-line.js'
import { cronLines } from './cron-line.js'
import { shown } from './json-text.js'
import { isConfigurationName } from './reserved.js'
import { type JsonSchema, listOf, objectOf, oneOf, rowsOf, tableOf, textLike, wholeNumber, wordOr } from './shape.js'

/** What scripts may ask the group for, beside an answer and changed files. */
export const EFFECT_KINDS = ['after', 'pay', 'outbox'] as const
export type EffectKind = (typeof EFFECT_KINDS)[number]
export const EXTENSIONS = ['intl'] as const
export type ExtensionName = (typeof EXTENSIONS)[number]
export const PATHS_MAX = 256
export const WARM_UP_MAX = 64
export const REWRITE_LINES_MAX = 256
const MAX_AGES_MAX = 64
const YEAR_S = 31_536_000

/** A name between slashes that is not '.' or '..'. */
const NAME = '(?!\\.{1,2}(?:/|$))[^/\\\\\\u0000\\uD800-\\uDFFF]+'
/** No first name of these: the runtime's own folder, and the configuration in any case. */
const NOT_RESERVED = '(?!\\.interpeer(?:/|$))(?![iI][nN][tT][eE][rR][pP][eE][eE][rR]\\.[jJ][sS][oO][nN](?:/|$))'

const NAMES = new RegExp(`^${NAME}(?:/${NAME})*$`, 'u')

const PATH_ALLOWED = 'a path in the site such as data/pages: no slash at either end, no empty name, none of . and .., no backslash'
const PATH = `${NOT_RESERVED}${NAME}(?:/${NAME}){0,31}`
const sitePath = textLike({ allowed: PATH_ALLOWED, pattern: `^${PATH}$`, maxLength: 1024, faultOf: faultOfPath })
const folderOrSite = textLike({
  allowed: `"." for the site itself, or ${PATH_ALLOWED}`,
  pattern: `^(?:\\.|${PATH})$`,
  maxLength: 1024,
  faultOf: (path) => (path === '.' ? undefined : faultOfPath(path)),
})
function faultOfPath(path: string): string | undefined {
  const [first = ''] = path.split('/')
  if (first === '.interpeer') return "another path: .interpeer is the runtime's own, and sessions in it can always be written"
  if (isConfigurationName(first)) return 'another path: no script changes the configuration'
  if (isSitePath(path)) return undefined
  return NAMES.test(path) ? 'a path of at most 1,024 bytes and 32 names, each of at most 255 bytes' : PATH_ALLOWED
}
const target = textLike({
  allowed: 'a path with or without a query, such as /wiki?page=Start, in printable ASCII',
  pattern: '^/[!-"$-~]*$',
  maxLength: 2048,
})

const rewriteLine = textLike({
  allowed: "a line of Apache's: RewriteCond TEST CONDITION [FLAGS], or RewriteRule PATTERN SUBSTITUTION [FLAGS]",
  pattern:
    '^ *[rR][eE][wW][rR][iI][tT][eE]([cC][oO][nN][dD]|[rR][uU][lL][eE])[ \\t][^\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\uD800-\\uDFFF]*$',
  maxLength: 1024,
  faultOf: (line) => {
    if (line.length > 1024) return undefined
    const parsed = parseRewriteLine(line)
    return 'found' in parsed ? `${parsed.allowed}, not ${shown(parsed.found)}` : undefined
  },
})
/** Segments as in sitePath, behind a slash: an address below the document root. */
const script = textLike({
  allowed: 'the address of a script, such as /index.php',
  pattern: `^/(?:${NAME}/){0,31}(?!\\.)[^/\\\\\\u0000\\uD800-\\uDFFF]*\\.[pP][hH][pP]$`,
  maxLength: 1024,
})

/** Each key of interpeer.json, declared once: what it may be and what it is for. Parser and published schema are made of this. */
export const fields = {
  $schema: {
    shape: textLike({ allowed: 'where the schema of this file is', maxLength: 1024 }),
    about: 'Where the schema of this file is, for editors. It changes nothing.',
  },
  php: { shape: oneOf(...phpVersions), about: 'The version of PHP.', usual: DEFAULT_PHP_VERSION },
  slots: {
    shape: wholeNumber(1, SLOTS_MAX),
    about: 'Job slots that one request may use: each is a fixed amount of fuel and memory, and each is paid for.',
    usual: 1,
  },
  mutable: {
    shape: wordOr('everything', listOf(sitePath, PATHS_MAX)),
    about:
      'What scripts may change and the group agrees on: files, or folders with all that is in them. All else is code that nobody changes, and PHP keeps it compiled. Sessions can always be written.',
    usual: 'everything',
  },
  scratch: {
    shape: listOf(sitePath, PATHS_MAX),
    about:
      'Files and folders for caches. They belong to one peer and to reads only: writes find them empty, and what is in them may go at any time.',
    usual: [],
  },
  caches: {
    shape: listOf(sitePath, PATHS_MAX),
    about:
      'Files and folders for caches that are state: what writes leave there is kept, and all members have it. What a read changes there is dropped, and it stays a read.',
    usual: [],
  },
  warmUp: {
    shape: listOf(target, WARM_UP_MAX),
    about:
      'GET requests that a peer makes once, in this order, so that PHP has the code of the site compiled. What they change is thrown away.',
    usual: [],
  },
  documentRoot: {
    shape: folderOrSite,
    about:
      'The folder that addresses begin at; "." is the site itself. What lies beside it cannot be fetched. Without this key: public, where it has an index.php, else the site itself.',
  },
  rewrite: {
    shape: rowsOf(rewriteLine, REWRITE_LINES_MAX, {
      sizeOf: sizeOfLine,
      max: PATTERNS_SIZE_MAX,
      allowed: 'patterns with fewer repetitions in all',
    }),
    about:
      "What becomes of an address before anything is looked for: lines of Apache's RewriteCond and RewriteRule, as in an .htaccess at the document root. A subset of Apache's; patterns are RE2's.",
    usual: [],
  },
  router: {
    shape: sitePath,
    about:
      'A script that is asked first, as php -S has it: where it returns false, what the address names is served as if there were none. A path in the site, which may lie beside the document root.',
  },
  entry: {
    shape: script,
    about:
      'The script that answers what is no file: a front controller. Without this key: the nearest index.php above, which gets the rest as PATH_INFO.',
  },
  errorPages: {
    shape: objectOf({
      403: { shape: target, about: 'Where a rule forbids it.' },
      404: { shape: target, about: 'Where nothing is.' },
      405: { shape: target, about: 'Where a static file is asked for with another method than GET and HEAD.' },
      410: { shape: target, about: 'Where a rule says that it is gone.' },
    }),
    about: 'What is shown in place of an error of these numbers: the address of a script or a static file. The number stays.',
    usual: {},
  },
  maxAge: {
    shape: tableOf(
      textLike({ allowed: 'the beginning of an address, such as /assets/', pattern: '^/[!-~]*$', maxLength: 1024 }),
      wholeNumber(0, YEAR_S),
      MAX_AGES_MAX,
    ),
    about:
      'For how many seconds browsers may show static files without asking again, by the beginning of their address: the longest one that fits. Where none does they ask whether the file has changed whenever they like.',
    usual: {},
  },
  extensions: {
    shape: listOf(oneOf(...EXTENSIONS), EXTENSIONS.length),
    about: 'Extensions of PHP beside those that are always there.',
    usual: [],
  },
  effects: {
    shape: listOf(oneOf(...EFFECT_KINDS), EFFECT_KINDS.length),
    about:
      'What scripts may ask of the group: after (run a script later), pay (from the account of the job), outbox (mail and HTTP requests).',
    usual: ['after'],
  },
  cron: {
    shape: cronLines(target),
    about: 'Requests that the group makes by itself when they are due. A line that was missed many times is made up for once.',
    usual: [],
  },
} as const satisfies Parameters<typeof objectOf>[0]

export const configurationShape = objectOf(fields)

/** The JSON Schema (draft 07) of interpeer.json. It cannot say how paths may overlap, nor count bytes: the parser is stricter there. */
export const configurationSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'interpeer.json: how a site runs on Interpeer',
  ...configurationShape.schema,
}
