import type { OutboxEffect } from '@interpeer/php-runtime-bridge'
import { type Planned, requestOf } from './dev-plan.js'

/** Where a browser finds what was to be sent. No site can have a folder of this name. */
export const OUTBOX_PATH = '/.interpeer/outbox'
const KEPT_MAX = 100
const BODY_SHOWN_BYTES = 64 * 1024
interface Kept {
  readonly effect: OutboxEffect
  readonly timeMs: number
}

/** Mail and HTTP requests that a site asked for: shown, never sent. The newest hundred, in memory. */
export class DevOutbox {
  #kept: readonly Kept[] = []

  /** @returns what the script that waits for an answer is told: mail counts as taken over; HTTP as sent by nobody, for there is no answer to give */
  take(effect: OutboxEffect, timeMs: number): Planned | undefined {
    this.#kept = [{ effect, timeMs }, ...this.#kept].slice(0, KEPT_MAX)
    const { key, request, answerTo: script } = effect
    if (script === undefined) return undefined
    const taken = { status: 250, headers: [], body: new TextEncoder().encode('250 shown by interpeer site dev, not sent') }
    const how = request.type === 'mail' ? { answer: taken, error: undefined } : { answer: undefined, error: 'OUTBOX_UNSENT' }
    return { word: 'ANSWER', request: requestOf(`/${encodeURI(script)}`, { type: 'answer', script, key, ...how }) }
  }

  /** A page of our own: what scripts wrote is text in it and nothing else. */
  page(): string {
    const rows = this.#kept.map(
      ({ effect, timeMs }) =>
        `<article><h2>${escaped(titleOf(effect))}</h2><p>${new Date(timeMs).toISOString()} · key ${escaped(effect.key)}${
          effect.answerTo === undefined ? '' : ` · answer to ${escaped(effect.answerTo)}`
        }</p><pre>${escaped(textOf(effect))}</pre></article>`,
    )
    return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Outbox</title><h1>Outbox</h1><p>What this site asked to have sent. Nothing was.</p>${
      rows.length === 0 ? '<p>It asked for nothing yet.</p>' : rows.join('')
    }</html>`
  }
}

const titleOf = ({ request }: OutboxEffect): string =>
  request.type === 'mail' ? `Mail to ${request.to}: ${request.subject}` : `${request.method} ${request.url}`

function textOf({ request }: OutboxEffect): string {
  const headers = request.headers.map(([name, value]) => `${name}: ${value}`)
  const shown = new TextDecoder().decode(request.body.subarray(0, BODY_SHOWN_BYTES))
  const rest = request.body.length - BODY_SHOWN_BYTES
  return [...headers, '', rest > 0 ? `${shown}\n… and ${rest} bytes more` : shown].join('\n')
}

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
