import { expect, test, vi } from 'vitest'
import { untilStopped } from '../src/until-stopped.js'

test('a service that fails is closed, and the failure is told', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const closed = vi.fn(async () => {})
  await expect(untilStopped({ ready: {}, failed: Promise.reject(new Error('disk')), close: closed })).rejects.toThrow('disk')
  expect(closed).toHaveBeenCalledOnce()
})
test('a signal closes it and is no failure', async () => {
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const closed = vi.fn(async () => {})
  const done = untilStopped({ ready: { port: 7 }, failed: new Promise<never>(() => {}), close: closed })
  expect(said).toHaveBeenCalledWith('{"ready":{"port":7}}\n')
  process.emit('SIGTERM')
  await done
  expect(closed).toHaveBeenCalledOnce()
})
