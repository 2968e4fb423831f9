import { expect, test } from 'vitest'
import { EffectQueue } from '../src/node/effect-queue.js'

function record(options: { failAt?: string } = {}) {
  const done: string[] = []
  const failures: unknown[] = []
  const open = new Map<string, () => void>()
  const queue = new EffectQueue<string>(
    (effect) => {
      if (effect === options.failAt) return Promise.reject(new Error(effect))
      if (!effect.startsWith('persist')) return void done.push(effect)
      return new Promise<void>((resolve) => open.set(effect, resolve)).then(() => void done.push(effect))
    },
    (error) => failures.push((error as Error).message),
    { isWrite: (effect) => effect.startsWith('persist') },
  )
  const finish = async (effect: string) => {
    open.get(effect)?.()
    await new Promise(setImmediate)
  }
  return { queue, done, failures, finish }
}

test('what stands behind a persist waits for the disk, whatever comes meanwhile, and the order stays', async () => {
  const { queue, done, finish } = record()
  queue.add(['send 1', 'persist 1', 'send 2'])
  queue.add(['persist 2', 'send 3'])
  await new Promise(setImmediate)
  expect(done).toEqual(['send 1'])
  await finish('persist 1')
  expect(done).toEqual(['send 1', 'persist 1', 'send 2'])
  await finish('persist 2')
  expect(done).toEqual(['send 1', 'persist 1', 'send 2', 'persist 2', 'send 3'])
  queue.add(['send 4'])
  expect(done.at(-1)).toBe('send 4')
})

test('writes that follow each other are begun together, and what stands behind waits for all of them', async () => {
  const { queue, done, finish } = record()
  queue.add(['persist 1', 'persist 2', 'send 1'])
  await finish('persist 2')
  expect(done).toEqual(['persist 2'])
  await finish('persist 1')
  expect(done).toEqual(['persist 2', 'persist 1', 'send 1'])
})

test('what is begun early is begun once, before what stands in front of it, and is waited for in its turn', async () => {
  const begun: string[] = []
  const open = new Map<string, (error?: Error) => void>()
  const failures: unknown[] = []
  const perform = (effect: string): Promise<void> | undefined => {
    begun.push(effect)
    if (effect.startsWith('send')) return undefined
    return new Promise<void>((resolve, reject) => open.set(effect, (error) => (error === undefined ? resolve() : reject(error))))
  }
  const queue = new EffectQueue<string>(perform, (error) => failures.push(error), {
    isWrite: (effect) => effect.startsWith('persist'),
    isEarly: (effect) => effect.startsWith('store'),
  })
  queue.add(['store 1', 'send 1', 'store 2', 'persist 1'])
  queue.add(['store 3', 'send 2'])
  expect(begun).toEqual(['store 1', 'store 2', 'store 3'])
  open.get('store 2')?.()
  await new Promise(setImmediate)
  expect(begun).toEqual(['store 1', 'store 2', 'store 3'])
  open.get('store 1')?.()
  await new Promise(setImmediate)
  expect(begun.slice(3)).toEqual(['send 1', 'persist 1'])
  open.get('persist 1')?.()
  open.get('store 3')?.(new Error('no disk'))
  await new Promise(setImmediate)
  expect(begun.slice(5)).toEqual([])
  expect(failures).toEqual([new Error('no disk')])
})

test('what stands behind an effect aside does not wait for it, its failure is the failure of all, and stop waits for its end', async () => {
  const begun: string[] = []
  const open = new Map<string, (error?: Error) => void>()
  const failures: unknown[] = []
  const aside = () =>
    new EffectQueue<string>(
      (effect) => {
        begun.push(effect)
        if (!effect.startsWith('final')) return undefined
        return new Promise<void>((resolve, reject) => open.set(effect, (error) => (error === undefined ? resolve() : reject(error))))
      },
      (error) => failures.push(error),
      { isWrite: () => false, isAside: (effect) => effect.startsWith('final') },
    )
  const queue = aside()
  queue.add(['send 1', 'final 1', 'final 2', 'send 2'])
  await queue.performed()
  expect(begun).toEqual(['send 1', 'final 1', 'final 2', 'send 2'])
  open.get('final 1')?.(new Error('no disk'))
  open.get('final 2')?.(new Error('no disk either'))
  await new Promise(setImmediate)
  queue.add(['send 3'])
  expect([begun.at(-1), failures]).toEqual(['send 2', [new Error('no disk')]])
  const other = aside()
  other.add(['final 3'])
  let isStopped = false
  const stopping = other.stop().then(() => {
    isStopped = true
  })
  await new Promise(setImmediate)
  expect(isStopped).toBe(false)
  open.get('final 3')?.()
  await stopping
})

test('the first failure is told once and nothing is performed after it', async () => {
  const { queue, done, failures } = record({ failAt: 'broken' })
  queue.add(['send 1', 'broken', 'send 2'])
  queue.add(['broken'])
  await new Promise(setImmediate)
  queue.add(['send 3'])
  expect(done).toEqual(['send 1'])
  expect(failures).toEqual(['broken'])
})

test('an effect that throws at once fails the queue like one that rejects', () => {
  const failures: unknown[] = []
  const queue = new EffectQueue<string>(
    () => {
      throw new Error('at once')
    },
    (error) => failures.push(error),
    { isWrite: () => false },
  )
  queue.add(['a', 'b'])
  expect(failures).toHaveLength(1)
})

test('stop waits for the effect under way and drops the rest', async () => {
  const { queue, done, finish } = record()
  queue.add(['persist 1', 'send 1'])
  let stopped = false
  const stopping = queue.stop().then(() => {
    stopped = true
  })
  await new Promise(setImmediate)
  expect(stopped).toBe(false)
  await finish('persist 1')
  await stopping
  expect(done).toEqual(['persist 1'])
})

test('performed waits for what was added before, and for nothing after it', async () => {
  const { queue, done, finish } = record()
  const told: string[] = []
  const tell = (name: string) => void queue.performed().then(() => told.push(name))
  await queue.performed() // nothing is waiting
  queue.add(['persist 1', 'send 1'])
  tell('first')
  queue.add(['persist 2'])
  tell('second')
  await new Promise(setImmediate)
  expect(told).toEqual([])
  await finish('persist 1')
  await new Promise(setImmediate)
  expect([done, told]).toEqual([['persist 1', 'send 1'], ['first']])
  await finish('persist 2')
  await new Promise(setImmediate)
  expect(told).toEqual(['first', 'second'])
})

test('who waits for effects that will never be performed is let go', async () => {
  const failed = record({ failAt: 'broken' })
  failed.queue.add(['broken', 'send 1'])
  await failed.queue.performed()
  const { queue, finish } = record()
  queue.add(['persist 1', 'send 1'])
  const waiting = queue.performed()
  const stopping = queue.stop()
  await finish('persist 1')
  await Promise.all([waiting, stopping])
})
