import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

const MOUNT = 'mount -o loop,errors=remount-ro "$2" "$1"'
const ERRORS = '/sys/fs/ext4/$(basename $(findmnt -no SOURCE "$1"))/trigger_fs_error'
/** A file system of 40 MiB in a file, in a mount namespace that ends with this shell and whoever else is in it. */
const SET_UP = `
mkdir -p "$1"
truncate -s 40m "$2"
mkfs.ext4 -q -m 0 "$2"
${MOUNT}
test -e ${ERRORS}
echo ready
read _ || true`

/** A disk for one folder, that can fill up and break as real ones do. Needs root and a loop device. */
export class OwnDisk {
  readonly #shell: ChildProcess
  readonly #places: readonly [string, string]

  private constructor(shell: ChildProcess, places: readonly [string, string]) {
    this.#shell = shell
    this.#places = places
  }

  /** @param folder where it is mounted @param image the file that is made for it. Undefined where this machine allows no such thing */
  static async open(folder: string, image: string): Promise<OwnDisk | undefined> {
    const words = ['--mount', '--propagation', 'private', 'sh', '-ec', SET_UP, 'sh', folder, image]
    const shell = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'ignore'] })
    const isReady = await Promise.race([
      once(shell.stdout, 'data').then(() => true),
      once(shell, 'exit').then(
        () => false,
        () => false, // no unshare here
      ),
    ])
    return isReady ? new OwnDisk(shell, [folder, image]) : undefined
  }

  /** A program and its words, so that it sees the disk. */
  launch(program: string, words: readonly string[]): readonly [string, readonly string[]] {
    return ['nsenter', [`--mount=/proc/${this.#shell.pid}/ns/mnt`, program, ...words]]
  }

  /** Others fill the disk to the last byte; what was let go of since the last time is taken too. */
  fill(): void {
    this.#run('dd if=/dev/zero of="$1/others" bs=64k oflag=append conv=notrunc || true')
  }

  free(): void {
    this.#run('rm "$1/others"')
  }

  /** The kernel meets an error in the file system, as after a bad sector: it aborts the journal, and nothing can be written any more. */
  breakDown(): void {
    this.#run(`echo broken > ${ERRORS}`)
  }

  /** The file system is checked and mounted anew. Whoever used it must have ended. */
  repair(): void {
    this.#run(`umount "$1" && { e2fsck -fp "$2" || test $? -eq 1; } && ${MOUNT}`) // 1: it had something to repair
  }

  close(): void {
    this.#shell.stdin?.end()
  }

  #run(script: string): void {
    const [program, words] = this.launch('sh', ['-c', script, 'sh', ...this.#places])
    execFileSync(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  }
}
