export interface Asking<P, A> {
  /** Whom to ask next; undefined: nobody else. */
  readonly next: (asked: readonly P[]) => P | undefined
  readonly ask: (one: P) => Promise<A>
  /** Whether an answer settles it. One that does not is kept, in case nobody has a better one. */
  readonly isAnswer: (answer: A) => boolean
  /** How long one is waited for before the next is asked beside it. */
  readonly hedgeMs: number
  readonly signal: AbortSignal
}
const ASKED_MAX = 64
/** So many are asked side by side at most: a request that is slow everywhere would otherwise keep everyone busy. */
const OPEN_MAX = 3
/** After a refusal the next is asked soon; who keeps being refused waits longer. */
const PAUSE_MS = 50
const PAUSE_MS_MAX = 1_000
const ASKED_PER_DOUBLING = 5

/**
 * Asks one after another, each beside those who have not answered yet, until someone's answer settles it. Rejects with the last failure where
 * nobody answered; resolves with the last answer that did not settle it where there was one.
 */
export function askInTurn<P, A>({ next, ask, isAnswer, hedgeMs, signal }: Asking<P, A>): Promise<A> {
  return new Promise((resolve, reject) => {
    const asked: P[] = []
    let [open, isOver, hedge] = [0, false, undefined as NodeJS.Timeout | undefined]
    let last: { readonly answer: A } | { readonly error: unknown } | undefined
    const end = () => {
      if (isOver) return
      isOver = true
      clearTimeout(hedge)
      if (last === undefined) reject(new Error('nobody to ask'))
      else if ('answer' in last) resolve(last.answer)
      else reject(last.error)
    }
    const another = () => {
      clearTimeout(hedge)
      if (isOver) return
      const one = asked.length < ASKED_MAX && open < OPEN_MAX ? next(asked) : undefined
      if (one === undefined) {
        if (open === 0) end()
        return
      }
      asked.push(one)
      open++
      hedge = setTimeout(another, hedgeMs)
      ask(one).then(
        (answer) => {
          last = { answer }
          if (isAnswer(answer)) end()
          else goOn()
        },
        (error: unknown) => {
          if (last === undefined || !('answer' in last)) last = { error }
          goOn()
        },
      )
    }
    const goOn = () => {
      open--
      if (isOver) return
      clearTimeout(hedge)
      hedge = setTimeout(another, Math.min(PAUSE_MS * 2 ** Math.floor(asked.length / ASKED_PER_DOUBLING), PAUSE_MS_MAX))
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    else another()
  })
}
