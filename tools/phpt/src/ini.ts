import { type Phpt, pairsOf } from './phpt.ts'

/** What php-src's own runner sets for every test. */
const always: Readonly<Record<string, string>> = {
  output_handler: '',
  open_basedir: '',
  disable_functions: '',
  output_buffering: '0',
  error_reporting: '32767',
  display_errors: '1',
  display_startup_errors: '1',
  log_errors: '0',
  html_errors: '0',
  report_memleaks: '1',
  docref_root: '',
  docref_ext: '.html',
  error_prepend_string: '',
  error_append_string: '',
  auto_prepend_file: '',
  auto_append_file: '',
  ignore_repeated_errors: '0',
  precision: '14',
  serialize_precision: '-1',
  memory_limit: '128M',
  'opcache.fast_shutdown': '0',
  'opcache.file_update_protection': '0',
  'opcache.revalidate_freq': '0',
  'opcache.jit_hot_loop': '1',
  'opcache.jit_hot_func': '1',
  'opcache.jit_hot_return': '1',
  'opcache.jit_hot_side_exit': '1',
  'opcache.jit_max_root_traces': '100000',
  'opcache.jit_max_side_traces': '100000',
  'opcache.jit_max_exit_counters': '100000',
  'zend.assertions': '1',
  'zend.exception_ignore_args': '0',
  'zend.exception_string_param_max_len': '15',
  short_open_tag: '0',
  implicit_flush: '1',
  register_argc_argv: '1',
  'session.auto_start': '0',
  'zlib.output_compression': '0',
  'mbstring.func_overload': '0',
}

/** Settings for a test. `folder` is where PHP sees the test's folder. */
export function settingsOf(test: Phpt, folder: string): ReadonlyMap<string, string> {
  const settings = new Map(Object.entries(always))
  for (const [name, value] of pairsOf(test.sections.get('INI') ?? '', '=')) {
    // the binary has its extensions inside
    if (name === 'extension' || name === 'zend_extension') continue
    settings.set(name, value.replaceAll('{PWD}', folder).replaceAll('{TMP}', '/tmp'))
  }
  return settings
}

/** A test's SKIPIF is asked without the test's own settings, and without complaints of PHP's start. */
export const settingsToSkip: ReadonlyMap<string, string> = new Map([...Object.entries(always), ['display_startup_errors', '0']])

/** As php.ini has them. */
export function iniOf(settings: ReadonlyMap<string, string>): string {
  return Array.from(settings, ([name, value]) => `${name}=${quoted(value)}\n`).join('')
}

/** As PHP's command line takes a value: as it is where it begins with a letter, a digit or a quote, otherwise in quotes. */
function quoted(value: string): string {
  return value === '' || /^[A-Za-z0-9"']/.test(value) ? value : `"${value}"`
}
