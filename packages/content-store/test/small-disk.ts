import { execFileSync } from 'node:child_process'

const inNamespaces = (script: string, ...args: readonly string[]): string =>
  execFileSync('unshare', ['-Urm', 'sh', '-c', script, 'sh', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'], // lmdb writes on stderr what the disk refused
  })

/** Whether this machine lets us mount a small disk of our own (user namespaces). Without one the tests that need it are skipped. */
export const canMount = ((): boolean => {
  try {
    inNamespaces('mount -t tmpfs -o size=1m none /mnt')
    return true
  } catch {
    process.stderr.write('the tests on a full disk are skipped: unshare can mount no tmpfs here\n')
    return false
  }
})()

/** Runs a script in a process of its own that sees a disk of so many MiB at `folder`, its only argument. What it prints. */
export const onSmallDisk = (mebibytes: number, folder: string, script: string): string =>
  inNamespaces(
    `mount -t tmpfs -o size=${mebibytes}m none "$1" && exec "$2" --input-type=module -e "$3" "$1"`,
    ...[folder, process.execPath, script],
  )
