import { documentOf } from './document.js'
import { html } from './html.js'

export interface ErrorPageParts {
  readonly status: number
  /** A coded error, like SITE_UNKNOWN. */
  readonly code: string
  readonly title: string
  readonly what: string
  /** One way out, or several, the likeliest first. */
  readonly whatToDo: string | readonly string[]
  /** The site that was asked for, if it was one. */
  readonly site?: string | undefined
  /** Where the gateway's network page is. */
  readonly networkPage?: string | undefined
}

/** A failed request, in words: what failed, and what to do. */
export function errorPage({ status, code, title, what, whatToDo, site, networkPage = '/' }: ErrorPageParts): string {
  const ways = typeof whatToDo === 'string' ? [whatToDo] : whatToDo
  const network = /^(?:https?:\/\/|\/(?!\/))/.test(networkPage) ? networkPage : '/'
  return documentOf({
    title: `${title} · Interpeer`,
    body: html`<main class="error">
<p class="brand"><img src="/.interpeer/mark.svg" width="30" height="30" alt="">Interpeer</p>
<h1>${title}</h1>
<p class="lead">${what}</p>
<h2>What you can do</h2>
${ways.length === 1 ? html`<p>${ways[0]}</p>` : html`<ul>${ways.map((way) => html`<li>${way}</li>`)}</ul>`}
<p class="ways"><a class="button" href="">Try again</a> <a href="${network}">See the network</a></p>
<p class="code quiet">${site !== undefined && site !== '' && html`Site <b>${site}</b> · `}${status} <code>${code}</code></p>
</main>`,
  })
}
