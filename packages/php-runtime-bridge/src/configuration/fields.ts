import { SLOTS_MAX } from '../limits.js'
import { isSitePath } from '../path.js'
import { DEFAULT_PHP_VERSION, phpVersions } from '../php-version.js'
import { cronLines } from './cron-line.js'
import { isConfigurationName } from './reserved.js'
import { type JsonSchema, listOf, objectOf, oneOf, textLike, wholeNumber, wordOr } from './shape.js'

/** What scripts may ask the group for, beside an answer and changed files. */
export const EFFECT_KINDS = ['after', 'pay', 'outbox'] as const
export type EffectKind = (typeof EFFECT_KINDS)[number]
export const EXTENSIONS = ['intl'] as const
export type ExtensionName = (typeof EXTENSIONS)[number]
export const PATHS_MAX = 256
export const WARM_UP_MAX = 64

/** A name between slashes that is not '.' or '..'. */
const NAME = '(?!\\.{1,2}(?:/|$))[^/\\\\\\u0000\\uD800-\\uDFFF]+'
/** No first name of these: the runtime's own folder, and the configuration in any case. */
const NOT_RESERVED = '(?!\\.interpeer(?:/|$))(?![iI][nN][tT][eE][rR][pP][eE][eE][rR]\\.[jJ][sS][oO][nN](?:/|$))'

const NAMES = new RegExp(`^${NAME}(?:/${NAME})*$`, 'u')

const PATH_ALLOWED = 'a path in the site such as data/pages: no slash at either end, no empty name, none of . and .., no backslash'
const sitePath = textLike({
  allowed: PATH_ALLOWED,
  pattern: `^${NOT_RESERVED}${NAME}(?:/${NAME}){0,31}$`,
  maxLength: 1024,
  faultOf: (path) => {
    const [first = ''] = path.split('/')
    if (first === '.interpeer') return "another path: .interpeer is the runtime's own, and sessions in it can always be written"
    if (isConfigurationName(first)) return 'another path: no script changes the configuration'
    if (isSitePath(path)) return undefined
    return NAMES.test(path) ? 'a path of at most 1,024 bytes and 32 names, each of at most 255 bytes' : PATH_ALLOWED
  },
})
const target = textLike({
  allowed: 'a path with or without a query, such as /wiki?page=Start, in printable ASCII',
  pattern: '^/[!-"$-~]*$',
  maxLength: 2048,
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
  warmUp: {
    shape: listOf(target, WARM_UP_MAX),
    about:
      'GET requests that a peer makes once, in this order, so that PHP has the code of the site compiled. What they change is thrown away.',
    usual: [],
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
