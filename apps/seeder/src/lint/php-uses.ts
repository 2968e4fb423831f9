import { type Finding, type FindingCode, type FindingLevel, findingOf, type Place } from '../findings.js'
import { namesIn } from './php-source.js'

interface Use {
  readonly level: FindingLevel
  readonly code: FindingCode
  /** Names; with a '*' at its end: what begins so. */
  readonly functions?: string
  readonly classes?: string
  readonly text: string
}
/** Extensions of PHP that its WebAssembly builds lack, by what scripts name of them. */
const ABSENT: Readonly<Record<string, { readonly functions?: string; readonly classes?: string; readonly instead?: string }>> = {
  apcu: { functions: 'apcu_* apc_fetch apc_store', instead: 'caches are files in "caches"' },
  bz2: { functions: 'bzopen bzcompress bzdecompress' },
  ffi: { classes: 'ffi' },
  ftp: { functions: 'ftp_*' },
  gettext: { functions: 'gettext ngettext dgettext textdomain bindtextdomain', instead: 'translations of PHP itself work' },
  gmp: { functions: 'gmp_*', instead: 'bcmath is there' },
  igbinary: { functions: 'igbinary_*' },
  imap: { functions: 'imap_open imap_search' },
  ldap: { functions: 'ldap_*' },
  memcached: { classes: 'memcached memcache', instead: 'caches are files in "caches"' },
  mongodb: { classes: 'mongoclient' },
  pcntl: { functions: 'pcntl_*' },
  pgsql: { functions: 'pg_*', instead: 'SQLite is there' },
  posix: { functions: 'posix_*' },
  readline: { functions: 'readline*' },
  redis: { classes: 'redis rediscluster', instead: 'caches are files in "caches"' },
  shmop: { functions: 'shmop_*' },
  sodium: { functions: 'sodium_*', instead: 'openssl is there; the sodium_compat library replaces it' },
  sqlsrv: { functions: 'sqlsrv_*' },
  ssh2: { functions: 'ssh2_*' },
  sysv: { functions: 'sem_get shm_attach msg_get_queue ftok' },
  tidy: { functions: 'tidy_*', classes: 'tidy' },
  xsl: { classes: 'xsltprocessor' },
  yaml: { functions: 'yaml_*' },
}
const USES: readonly Use[] = [
  ...Object.entries(ABSENT).map(([extension, { instead, ...names }]) => ({
    level: 'warning' as const,
    code: 'EXTENSION_MISSING' as const,
    ...names,
    text: `PHP's extension ${extension} is not there${instead === undefined ? '' : `: ${instead}`}`,
  })),
  {
    level: 'warning',
    code: 'NEEDS_PROCESS',
    functions: 'exec shell_exec system passthru popen proc_open `',
    text: 'other programs can not be run: these functions fail',
  },
  {
    level: 'warning',
    code: 'NEEDS_NETWORK',
    functions:
      'fsockopen pfsockopen stream_socket_client stream_socket_server socket_* curl_exec curl_multi_exec gethostbyname gethostbyaddr dns_get_record checkdnsrr getmxrr',
    text: 'no script has a network: these functions fail. Requests go by Interpeer\\outbox() ("outbox" in "effects"), and their answers come later',
  },
  {
    level: 'warning',
    code: 'NEEDS_MYSQL',
    functions: 'mysqli_connect mysqli_init mysql_connect mysqli_real_connect',
    classes: 'mysqli',
    text: 'there is no MySQL server: data belong in SQLite (--sql turns a dump into a database)',
  },
  {
    level: 'info',
    code: 'SENDS_MAIL',
    functions: 'mail mb_send_mail',
    text: 'mail() fails: mail goes by Interpeer\\outbox() ("outbox" in "effects"), which sends it once',
  },
  {
    level: 'warning',
    code: 'FUNCTION_DIFFERS',
    functions: 'link dl',
    text: 'hard links and loaded extensions do not exist: these functions fail',
  },
  { level: 'warning', code: 'FUNCTION_DIFFERS', classes: 'fiber', text: 'fibers do not exist: new Fiber throws an Error' },
  {
    level: 'info',
    code: 'FORESEEABLE',
    functions:
      'uniqid rand mt_rand lcg_value random_int random_bytes openssl_random_pseudo_bytes str_shuffle shuffle array_rand password_hash',
    text: "chance comes from the request's agreed seed, alike at all members: nothing breaks, but hosts can foresee it, tokens and session ids too",
  },
]
const byFunction = indexOf('functions')
const byClass = indexOf('classes')

function indexOf(kind: 'functions' | 'classes'): {
  readonly exact: ReadonlyMap<string, Use>
  readonly begins: readonly (readonly [string, Use])[]
} {
  const named = USES.flatMap((use) => (use[kind]?.split(' ') ?? []).map((name) => [name, use] as const))
  return {
    exact: new Map(named.filter(([name]) => !name.endsWith('*'))),
    begins: named.flatMap(([name, use]) => (name.endsWith('*') ? [[name.slice(0, -1), use] as const] : [])),
  }
}
const useOf = (index: ReturnType<typeof indexOf>, name: string): Use | undefined =>
  index.exact.get(name) ?? index.begins.find(([begin]) => name.startsWith(begin))?.[1]

/** What scripts name that is not there, or is otherwise there. Script after script; then `findings`. */
export class PhpUses {
  readonly #found = new Map<Use, { readonly names: Set<string>; readonly places: Place[]; count: number; unguarded: number }>()

  add(path: string, source: string): void {
    const { functions, classes, texts } = namesIn(source)
    const take = (index: typeof byFunction, names: ReadonlyMap<string, readonly number[]>): void => {
      for (const [name, lines] of names) {
        const use = useOf(index, name)
        if (use === undefined) continue
        const found = this.#found.get(use) ?? { names: new Set(), places: [], count: 0, unguarded: 0 }
        this.#found.set(use, found)
        found.names.add(name)
        found.count += lines.length
        // function_exists('name'), extension_loaded('ext'): the script knows that it may not be there
        const extension = /extension (\w+)/.exec(use.text)?.[1]
        if (!texts.has(name) && (extension === undefined || !texts.has(extension))) found.unguarded += lines.length
        if (found.places.length < 3) found.places.push({ path, line: lines[0] as number })
      }
    }
    take(byFunction, functions)
    take(byClass, classes)
  }

  get findings(): Finding[] {
    return [...this.#found].map(([{ level, code, text }, { names, places, count, unguarded }]) => {
      const listed = [...names].sort().slice(0, 8).join(', ')
      const asked = unguarded === 0 && level === 'warning'
      return findingOf(
        asked ? 'info' : level,
        code,
        `${listed}: ${text}${asked ? ' (the scripts ask first whether it is there)' : ''}`,
        places,
        count,
      )
    })
  }
}
