/** Files that hold what people read, by their folder or name: there `password` is a word in their language. */
const TRANSLATION =
  /(?:^|\/)(?:(?:langs?|languages?|_?locales?|locali[sz]ations?|l10n|i18n|translations?)\/|(?:languages?|lang|translations?|messages)(?:[.+-][\w-]{2,15}){0,2}\.(?:php|ya?ml|json|ini|inc)$|[^/]+\.l10n\.php$)/i
/** `en-GB.com_users.ini`. */
const BY_LOCALE = /(?:^|\/)[a-z]{2,3}[-_][A-Z]{2}\.[^/]+$/
/** Whatever folder they lie in. */
const SETTINGS_ALONE = /(?:^|\/)(?:\.env[^/]*|wp-config\.php|LocalSettings\.php|configuration\.php|config\.inc\.php)$/
export const isTranslation = (path: string): boolean => (TRANSLATION.test(path) || BY_LOCALE.test(path)) && !SETTINGS_ALONE.test(path)

/** A line of such a file, wherever that lies: `$lang['pass'] = 'Password'`, `$string['password'] = …`. */
export const isTranslationLine = (line: string): boolean =>
  /^\s{0,20}\$(?:\w{1,20}->)?_?(?:lang|language|strings?|txt|labels?|messages?|translations?|i18n|l10n)\s?\[/i.test(line)

/** A name of something that is said of a password, or to it: `PASSWORD_LABEL`, `password_min_length`. */
export const isAboutSecret = (name: string): boolean => ABOUT.test(name)
const ABOUT =
  /(?:label|desc|description|title|text|message|msg|hint|help|placeholder|tooltip|heading|caption|notice|error|invalid|required|question|subject|length|timeout|time|ttl|age|day|expir[a-z]+|size|limit|attempt|throttle|strength|cost|round|algo|algorithm|hasher|encoder|policy|policies|field|column|format|type|driver|provider|broker|ur[il]|route|redirect|template|class|enabled|allowed)s?$/i

/** Each byte of another alphabet counts as a letter: texts are read byte by byte. */
const WORD = /^["'(<[]{0,2}[A-Za-z\x80-\xff%][A-Za-z\x80-\xff%'-]*[)\]>"'.,:;!?]{0,3}$/
/** Several words. What was drawn by chance has digits and signs in them. */
export function areWords(value: string): boolean {
  const words = value.trim().split(/\s+/)
  return words.length > 1 && words.every((word) => WORD.test(word))
}
/** Words of which one says what they are about: no password has its own name in it. */
export const areWordsOnSecrets = (value: string): boolean =>
  areWords(value) && /pass(?:word|phrase|code|wort)|secret|token|\bkeys?\b/i.test(value)
