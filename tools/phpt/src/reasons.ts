import type { CaseResult } from './case.ts'

interface Reason {
  readonly name: string
  /** Whether it is why a test did not pass, as far as can be told from its script and what it said. The first that is counts. */
  readonly holds: (script: string, result: CaseResult) => boolean
}
const inScript = (pattern: RegExp) => (script: string) => pattern.test(script)
const said =
  (pattern: RegExp) =>
  (_: string, { output }: CaseResult) =>
    pattern.test(output)

const reasons: readonly Reason[] = [
  { name: 'fibers: the binary cannot switch stacks', holds: (script, { verdict }) => verdict === 'error' && /fiber/i.test(script) },
  { name: 'endless: its fuel was used up', holds: (_, { detail }) => detail === 'fuel used up' || detail === 'guard time' },
  {
    name: 'other processes: there are none',
    holds: inScript(/proc_open|popen|shell_exec|\bexec\(|system\(|passthru|TEST_PHP_(EXECUTABLE|CGI)|mail\(|proc_nice|^\s*[^'"\n]*`/m),
  },
  { name: 'the binary ended in a trap', holds: (_, { verdict }) => verdict === 'error' },
  {
    name: 'network, names, interfaces: there are none',
    holds: inScript(
      /stream_socket_|fsockopen|socket|http_server|php_cli_server|gethost|dns_|getmx|checkdnsrr|getserv|getproto|stream_select|net_get|http:\/\//,
    ),
  },
  {
    name: 'links, owners, groups, modes, umask',
    holds: inScript(/symlink|readlink|linkinfo|\blink\(|umask|chmod|chown|chgrp|fileowner|is_writ?able|is_readable/),
  },
  {
    name: "error numbers and paths of this system's own",
    holds: said(/errno=\d|Read-only file system|Illegal byte sequence|name too long/i),
  },
  { name: 'time: sleep() answers what it was given, strptime() is missing', holds: inScript(/\bsleep\(|usleep|hrtime|strptime|nanosleep/) },
  { name: 'sizes are of 32 bits', holds: inScript(/INT_M(AX|IN)|overflow|memory_limit|67247|79664/i) },
]

/** A table of Markdown: why tests did not pass. */
export function reasonsOf(results: readonly CaseResult[], scriptOf: (path: string) => string): string {
  const counts = new Map<string, number>([...reasons.map(({ name }): [string, number] => [name, 0]), ['something else', 0]])
  for (const result of results.filter(({ verdict }) => verdict === 'fail' || verdict === 'error')) {
    const script = scriptOf(result.path)
    const name = reasons.find(({ holds }) => holds(script, result))?.name ?? 'something else'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return ['| reason | tests |', '| --- | --: |', ...Array.from(counts, ([name, count]) => `| ${name} | ${count} |`)].join('\n')
}
