import type { Place } from '../findings.js'
import { areWords, areWordsOnSecrets, isAboutSecret, isTranslation, isTranslationLine } from './words-for-people.js'

export interface SecretFound extends Place {
  /** What it seems to be, in words; never what it is. */
  readonly kind: string
}
const PASSWORD_IN_ADDRESS = 'a password in an address'
/** But none that stands for one: `user:password@`, `user:${PASS}@`. */
const PASSWORD_AT_HOST =
  /\b[a-z][a-z+]{2,15}:\/\/[^\s:/@'"<>[\]]{1,64}:(?!(?:password|passwd|pass|pwd|secret|x{3,9}|\*{3,9}|\$?\{[^{}@]{0,60}\}|%\w{1,60}%)@)[^\s:/@'"<>[\]]{3,64}@[\w.-]{1,99}/
const COMMENT = /^\s*(?:\/\/|#|\*|\/\*|;)/
/** Texts of this form are secrets wherever they stand. Each is bounded, and begins with letters that are looked for first. */
const FORMS: readonly { readonly kind: string; readonly begins: string; readonly form: RegExp }[] = [
  { kind: 'a private key', begins: '-----BEGIN', form: /-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----/ },
  { kind: 'a key of Amazon Web Services', begins: 'AKIA', form: /\bAKIA[0-9A-Z]{16}\b/ },
  { kind: 'a token of GitHub', begins: 'gh', form: /\bgh[pousr]_[A-Za-z0-9]{36}\b/ },
  { kind: 'a token of GitLab', begins: 'glpat-', form: /\bglpat-[\w-]{20}\b/ },
  { kind: 'a token of Slack', begins: 'xox', form: /\bxox[abprs]-[\w-]{10,80}/ },
  { kind: 'a key of Stripe', begins: '_live_', form: /\b[rs]k_live_[0-9A-Za-z]{20,99}\b/ },
  { kind: 'a key of Google', begins: 'AIza', form: /\bAIza[\w-]{35}\b/ },
  { kind: 'a key of SendGrid', begins: 'SG.', form: /\bSG\.[\w-]{22}\.[\w-]{43}/ },
  { kind: 'a token of npm', begins: 'npm_', form: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { kind: PASSWORD_IN_ADDRESS, begins: '://', form: PASSWORD_AT_HOST },
]
/** `define('DB_PASSWORD', 'x')`, `$wgSecretKey = "x"`, `'password' => 'x'`, `"secret": "x"`; the other kind of quotation mark can be in it. */
const QUOTED = /(['"]?)([A-Za-z_][\w.-]{0,60})\1['"\])]{0,3}\s{0,20}(?:=>|=|:|,)\s{0,20}(['"])((?:(?!\3)[^\\\n]|\\.){1,300})\3/g
/** `DB_PASSWORD=x` of .env and .ini files. */
const BARE = /^\s{0,20}(?:export )?([A-Za-z_][\w.-]{0,60})\s{0,20}[=:]\s{0,20}([^\s'"#;]{1,300})\s*$/
const SECRET_NAME =
  /pass(?:word|wd|phrase)?$|passw|secret|api_?key|auth_?key|private_?key|access_?key|secure_auth|logged_in_(?:key|salt)|nonce_(?:key|salt)|_salt$|^salt$|token$|upgradekey|app_key|encryption_?key|dsn$/i
/** What examples and translations have in their place, and what stands for a value that is elsewhere: `<password>`, `{{ password }}`, `%env(X)%`, `${X}`, `@a.service`. */
const NO_SECRET =
  /^(?:password|passwd|pass|pwd|secret|changeme|\w*_here|object|array|array_\w+|bool(?:ean)?|int(?:eger)?|required|optional|bcrypt|pbkdf2|argon2\w*|example|username|your[\w -]*|put your unique phrase here|x{3,}|\*{3,}|null|none|true|false|string|text|hidden|\d{1,3})$|^<[^<>]*>$|^\{.*\}$|^%.*%$|^%\([\w.-]+\)\w?$|\$\{[^}]*\}|^@=|^@[\w\\]+[.\\][\w.\\]+$|^https?:\/\/[^:]*$|^[./][\w./-]*$/i
/** A function of a class by its name. */
const CALLABLE = /^\\?[A-Z][A-Za-z]+(?:\\[A-Za-z]+)*::[a-z][A-Za-z]+$/
/** What is between two texts that are joined: `'key="' . $key . '"'`, `"a='" + b + "'"`. */
const JOINED = /(?:^|[^\\])['"]\s{0,9}[.+]\s{0,9}[$\w(].{0,200}[.+]\s{0,9}['"]/
/** Variables and calls, where no quotation marks say that it is a text. */
const NO_TEXT = /^[<{%$@]|[()]/

/** Whether a file by that name says how a site is run: there a name that sounds secret is taken at its word. */
const isSettings = (path: string): boolean =>
  /(?:^|\/)(?:[^/]*(?:config|settings|parameters|secrets?|credentials)[^/]*|\.env[^/]*|local\.php|[^/]+\.(?:ini|env|ya?ml))$/i.test(path)
/** By its own name alone: folders named like one have settings that hold (`sites/example.org`, a site to test). */
const isExample = (path: string): boolean =>
  /(?:^|[._-])(?:example|sample|dist|tests?|specs?|fixtures?)(?:[._-]|$)/i.test(path.slice(path.lastIndexOf('/') + 1))

/** Where a bare word is a variable, or another piece of code. */
const isCode = (path: string): boolean => /\.(?:php\d?|phtml|inc|[cm]?[jt]sx?|vue|twig|html?|s?css)$/i.test(path)

const LINE_MAX = 4_000
const FOUND_MAX = 50

/** What in a text file looks like a secret. Takes time as long as the text; a line that is longer than 4,000 characters is only looked through for known forms. */
export function secretsIn(path: string, text: string): SecretFound[] {
  const found: SecretFound[] = []
  const looksAtNames = isSettings(path) && !isExample(path)
  const [isForPeople, takesBare] = [isTranslation(path), !isCode(path)]
  let line = 0
  for (const content of text.split('\n')) {
    line++
    if (found.length >= FOUND_MAX) break
    const isComment = COMMENT.test(content)
    const known = FORMS.find(({ begins, form }) => content.includes(begins) && form.test(content.slice(0, 100_000)))
    if (known !== undefined && !(known.kind === PASSWORD_IN_ADDRESS && (isComment || isExample(path))))
      found.push({ path, line, kind: known.kind })
    else if (looksAtNames && content.length <= LINE_MAX && !isComment) {
      const name = secretNameIn(content, isForPeople || isTranslationLine(content), takesBare)
      if (name !== undefined) found.push({ path, line, kind: `what "${name}" is` })
    }
  }
  return found
}

function secretNameIn(line: string, isForPeople: boolean, takesBare: boolean): string | undefined {
  for (const [found, , name = '', quote, value = ''] of line.matchAll(QUOTED)) {
    // _x('password', 'example password'): of two arguments the second is the first's value only in define()
    if (/^[^=:>]*,/.test(found.slice(name.length)) && !/\bdefine\s*\(/i.test(line)) continue
    const isVariable = quote === '"' && value.startsWith('$')
    if (!isVariable && !JOINED.test(value) && isSecret(name, value, isForPeople)) return name
  }
  const [, name = '', value = ''] = (takesBare && BARE.exec(line)) || []
  return !NO_TEXT.test(value) && isSecret(name, value, isForPeople) ? name : undefined
}

/** A word is no secret; a password may be short, but what is called a key or token is drawn by chance, or it is none. */
function isSecret(name: string, value: string, isForPeople: boolean): boolean {
  if (!SECRET_NAME.test(name) || NO_SECRET.test(value.trim()) || value.length < 4) return false
  if (isForPeople || isAboutSecret(name)) return isDrawn(value)
  if (plainly(value) === plainly(name) || CALLABLE.test(value) || areWordsOnSecrets(value)) return false
  if (/dsn$/i.test(name)) return /@|pass(?:word)?=|pwd=/i.test(value)
  if (/pass/i.test(name)) return true
  return value.length >= 12 && entropyOf(value) >= 2.5 && !areWords(value)
}
const plainly = (text: string): string => text.toLowerCase().replaceAll(/[^a-z\d]/g, '')
/** Where names say nothing, a key still shows by what it is: long, in one piece, with digits among its letters. */
const isDrawn = (value: string): boolean =>
  /^[\w+=-]{16,}$/.test(value) && /[A-Za-z]/.test(value) && value.replaceAll(/\D/g, '').length >= 3 && entropyOf(value) >= 3

/** Bits for each character, of the characters as they are spread in this text. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  const { length } = [...text]
  return [...counts.values()].reduce((bits, count) => bits - (count / length) * Math.log2(count / length), 0)
}

/** Files that belong to whoever works on a site, not to who hosts it. */
const PRIVATE: readonly (readonly [form: RegExp, what: string])[] = [
  [/(?:^|\/)\.(?:git|svn|hg|bzr)\//, 'the history of the source'],
  [/(?:^|\/)\.env(?:\.(?!example|sample|dist)[^/]*)?$/, 'settings of a machine'],
  [/(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx|ppk|jks))$/i, 'a file of keys'],
  [/(?:^|\/)(?:\.htpasswd|\.netrc|\.npmrc|\.pgpass|\.my\.cnf|auth\.json|credentials)$/, 'a file of passwords'],
  [/\.(?:sql|dump)(?:\.(?:gz|bz2|xz|zip))?$/i, 'a dump of a database'],
  [/(?:~|\.(?:bak|old|orig|swp|save))$/i, 'a copy that an editor left'],
  [/(?:^|\/)(?:error_log|debug\.log|php_errors\.log)$/i, 'a log'],
]
export const privateKindOf = (path: string): string | undefined => PRIVATE.find(([form]) => form.test(path))?.[1]
