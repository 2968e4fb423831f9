// CLOCK_AHEAD_MS=5000 node --import ./wrong-clock.mjs …: a process, with its workers, whose clock is wrong by so much.
const aheadMs = Number(process.env.CLOCK_AHEAD_MS)
const Right = Date
globalThis.Date = class extends Right {
  constructor(...given) {
    super(...(given.length === 0 ? [Right.now() + aheadMs] : given))
  }
  static now() {
    return Right.now() + aheadMs
  }
}
