/**
 * All that PHP's binaries import, the same in each version: name, parameters (i and I: integers of 32 and 64 bits; d: a double), result. A test
 * compares this with the binaries.
 */
const table = `
__assert_fail iiii:-; __asyncjs__js_module_onMessage ii:i; __asyncjs__js_popen_to_file iii:i; __asyncjs__wasm_poll_socket iii:i;
__call_sighandler ii:-; __syscall_accept4 iiiiii:i; __syscall_bind iiiiii:i; __syscall_chdir i:i; __syscall_chmod ii:i;
__syscall_connect iiiiii:i; __syscall_dup i:i; __syscall_dup3 iii:i; __syscall_faccessat iiii:i; __syscall_fallocate iiII:i;
__syscall_fchmod ii:i; __syscall_fchown32 iii:i; __syscall_fchownat iiiii:i; __syscall_fcntl64 iii:i; __syscall_fdatasync i:i;
__syscall_fstat64 ii:i; __syscall_ftruncate64 iI:i; __syscall_getcwd ii:i; __syscall_getdents64 iii:i;
__syscall_getpeername iiiiii:i; __syscall_getsockname iiiiii:i; __syscall_getsockopt iiiiii:i; __syscall_ioctl iii:i;
__syscall_listen iiiiii:i; __syscall_lstat64 ii:i; __syscall_mkdirat iii:i; __syscall_newfstatat iiii:i; __syscall_openat iiii:i;
__syscall_pipe i:i; __syscall_poll iii:i; __syscall_readlinkat iiii:i; __syscall_recvfrom iiiiii:i; __syscall_renameat iiii:i;
__syscall_rmdir i:i; __syscall_sendmsg iiiiii:i; __syscall_sendto iiiiii:i; __syscall_socket iiiiii:i; __syscall_stat64 ii:i;
__syscall_statfs64 iii:i; __syscall_symlinkat iii:i; __syscall_unlinkat iii:i; __syscall_utimensat iiii:i; _abort_js :-;
_dlopen_js i:i; _dlsym_js iii:i; _emscripten_lookup_name i:i; _emscripten_runtime_keepalive_clear :-; _emscripten_system i:i;
_gmtime_js Ii:-; _localtime_js Ii:-; _mktime_js i:I; _mmap_js iiiiIii:i; _munmap_js iiiiiI:i; _setitimer_js id:i; _tzset_js iiii:-;
emscripten_date_now :d; emscripten_get_heap_max :i; emscripten_get_now :d; emscripten_resize_heap i:i; emscripten_sleep i:-;
exit i:-; getaddrinfo iiii:i; getcontext i:i; getdtablesize :i; getnameinfo iiiiiii:i; getprotobyname i:i; getprotobynumber i:i;
js_fd_read iiii:i; js_flock ii:i; js_getpid :i; js_open_process iiiiiiiii:i; js_popen_clear_pid_for_fd i:-;
js_popen_get_pid_for_fd i:i; js_popen_set_pid_for_fd ii:-; js_process_status ii:i; js_release_file_locks :-; js_waitpid ii:i;
js_wasm_trace i:-; makecontext iiii:-; strptime iii:i; swapcontext ii:i; wasm_close i:i; wasm_setsockopt iiiii:i;
wasm_shutdown ii:i; clock_time_get iIi:i; environ_get ii:i; environ_sizes_get ii:i; fd_close i:i; fd_fdstat_get ii:i;
fd_pread iiiIi:i; fd_pwrite iiiIi:i; fd_read iiii:i; fd_seek iIii:i; fd_sync i:i; fd_write iiii:i; proc_exit i:-; random_get ii:i;`

export interface PhpImport {
  readonly module: string
  readonly name: string
  readonly parameters: string
  /** '' where nothing comes back. */
  readonly result: string
}
const WASI = /^(fd_|environ_|clock_time_get|proc_exit|random_get)/

export const phpImports: readonly PhpImport[] = table
  .split(';')
  .map((line) => line.trim())
  .filter((line) => line !== '')
  .map((line) => {
    const [name = '', signature = ''] = line.split(' ')
    const [parameters = '', result = ''] = signature.split(':')
    return { module: WASI.test(name) ? 'wasi_snapshot_preview1' : 'env', name, parameters, result: result === '-' ? '' : result }
  })

const WASM_TYPES: Readonly<Record<string, number>> = { i: 0x7f, I: 0x7e, f: 0x7d, d: 0x7c }

/** A WebAssembly module that imports these and does nothing: what the kernel asks which imports it has to make. */
export function importingModule(imports: readonly PhpImport[]): Uint8Array<ArrayBuffer> {
  const list = (items: readonly number[][]) => [...uleb(items.length), ...items.flat()]
  const valueTypes = (letters: string) => list([...letters].map((letter) => [WASM_TYPES[letter] as number]))
  const name = (text: string) => list([...Buffer.from(text)].map((byte) => [byte]))
  const section = (id: number, content: number[]) => [id, ...uleb(content.length), ...content]
  const types = imports.map(({ parameters, result }) => [0x60, ...valueTypes(parameters), ...valueTypes(result)])
  const entries = imports.map((one, i) => [...name(one.module), ...name(one.name), 0, ...uleb(i)])
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, list(types)), ...section(2, list(entries))])
}

function uleb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uleb(value >>> 7)]
}
