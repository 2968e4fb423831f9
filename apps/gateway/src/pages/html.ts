/** HTML that is safe to put into a page as it is. Only `html` makes it, and `html` escapes every other value. */
export class SafeHtml {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type HtmlValue = string | number | SafeHtml | readonly SafeHtml[] | undefined | false

/** A template whose values are escaped: html`<p title="${name}">${name}</p>`. Attribute values must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  return new SafeHtml(parts.reduce((text, part, i) => text + textOf(values[i - 1]) + part))
}

/** For text, and for attributes in quotes of either kind. Control characters other than white space are replaced. */
export function escapeHtml(text: string): string {
  return replaceControls(text).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

function textOf(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (value instanceof SafeHtml) return value.text
  if (typeof value === 'object') return value.map((one) => one.text).join('')
  return escapeHtml(String(value))
}

// Controls and the signs that turn the direction of writing: a name must not make the text around it read otherwise.
const replaceControls = (text: string) => text.replace(/(?![\t\n\r])\p{Cc}|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu, '\ufffd')
