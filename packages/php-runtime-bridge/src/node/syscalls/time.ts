import { civilOf, secondsOf } from '../../calendar.js'
import type { Kernel } from '../kernel.js'

/** Clocks, time zones (there is one, UTC) and randomness. */
export function timeCalls(kernel: Kernel) {
  const millis = () => kernel.world.clock.readMicros() / 1000

  /** struct tm: nine 32-bit fields, offset, zone. */
  function putCivil(seconds: number, at: number): void {
    const time = civilOf(seconds)
    const { second, minute, hour, day, month, year, weekDay, yearDay } = time
    for (const [i, field] of [second, minute, hour, day, month, year - 1900, weekDay, yearDay, 0, 0].entries()) {
      kernel.memory.put32(at + i * 4, field)
    }
  }

  function fromCivil(at: number): bigint {
    const field = (i: number) => kernel.memory.i32(at + i * 4)
    const seconds = secondsOf({
      second: field(0),
      minute: field(1),
      hour: field(2),
      day: field(3),
      month: field(4),
      year: field(5) + 1900,
    })
    putCivil(seconds, at)
    return BigInt(seconds)
  }

  const breakDown = (seconds: bigint, at: number) => {
    putCivil(Number(seconds), at)
    return 0
  }
  return {
    clock_time_get: (_clock: number, _precision: bigint, at: number) => {
      kernel.memory.put64(at, BigInt(kernel.world.clock.readMicros()) * 1000n)
      return 0
    },
    emscripten_get_now: () => kernel.world.clock.pollMicros() / 1000,
    emscripten_date_now: millis,
    emscripten_sleep: (ms: number) => {
      kernel.world.clock.sleep(ms >>> 0)
      return undefined
    },
    _tzset_js: (timezone: number, daylight: number, standardName: number, daylightName: number) => {
      kernel.memory.put32(timezone, 0)
      kernel.memory.put32(daylight, 0)
      kernel.memory.putText('UTC', standardName, 17)
      kernel.memory.putText('UTC', daylightName, 17)
      return undefined
    },
    _localtime_js: breakDown,
    _gmtime_js: breakDown,
    _mktime_js: fromCivil,
    strptime: () => 0,
    _setitimer_js: () => 0,
    random_get: (at: number, length: number) => {
      kernel.fillRandom(kernel.memory.writable(at, length))
      return 0
    },
  }
}
