/** What of PHP's binary this package calls or looks at: instances have no more. */
const used = new Set([
  '__fuel',
  '__indirect_function_table',
  '__stack_pointer',
  '__wasm_call_ctors',
  '_efree',
  '_emalloc',
  'emscripten_builtin_memalign',
  'emscripten_get_sbrk_ptr',
  'executor_globals',
  'malloc',
  'memory',
  'php_error_docref',
  'php_wasm_init',
  'realpath_cache_clean',
  'zend_alter_ini_entry_chars',
  'zend_hash_clean',
  'zend_interrupt_function',
  'zend_lookup_class_ex',
  'zend_observer_error_register',
  'zend_parse_parameters',
  'zend_strpprintf',
  'zend_throw_error',
  'zim_Fiber___construct',
])
const usedKinds = /^(wasm_|__state_\d+$)/

export function isUsed(name: string): boolean {
  return used.has(name) || usedKinds.test(name)
}
