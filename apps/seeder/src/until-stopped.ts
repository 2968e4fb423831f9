/**
 * Says that the process is ready (one JSON line on stdout, which launchers wait for), and resolves on SIGINT or SIGTERM.
 * Rejects where the peer itself fails: it can't go on when it can't write what it must not forget.
 */
export async function untilStopped({ ready, failed }: { readonly ready: object; readonly failed: Promise<never> }): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  process.stdout.write(`${JSON.stringify({ ready })}\n`)
  await Promise.race([stopped, failed])
}
