/** WASI's error numbers, which Emscripten's libc uses too. Only those that a system call here can answer. */
export const Errno = {
  ACCES: 2,
  AFNOSUPPORT: 5,
  BADF: 8,
  BUSY: 10,
  EXIST: 20,
  FBIG: 22,
  ILSEQ: 25,
  INVAL: 28,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOMEM: 48,
  NOSPC: 51,
  NOSYS: 52,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSUP: 58,
  NOTTY: 59,
  PERM: 63,
  RANGE: 68,
  ROFS: 69,
  SPIPE: 70,
} as const

/** What a system call throws to answer an error number. Not an Error: no stack trace is taken, scripts cause thousands of these. */
export class SyscallFailure {
  constructor(errno: number) {
    this.errno = errno
  }
  readonly errno: number
}

export function fail(name: keyof typeof Errno): never {
  throw new SyscallFailure(Errno[name])
}
