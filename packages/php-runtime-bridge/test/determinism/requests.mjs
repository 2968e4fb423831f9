// Two hundred mixed requests to the application, the same each time: pages, forms, uploads, searches, errors.

const COUNT = 200
const words =
  'peer group vote chain seal reveal commit quorum tenure slot ticket ledger Ünïcödé naïve <b>bold</b> "quoted" 日本 🙂 0 null'.split(' ')
const kinds = ['warning', 'exception', 'fatal', 'exit', 'memory', 'deep', 'callbacks', 'headers', 'type', 'regex']

/** Numbers below a bound, from a seed. */
function diceOf(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** `cookies` is what the answers so far have set: the text of a Cookie header. */
export function* requests(cookies) {
  const dice = diceOf(2026)
  const text = (length) => Array.from({ length }, () => words[dice(words.length)]).join(' ')
  const form = (fields) => ({
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: Buffer.from(new URLSearchParams(fields).toString()),
  })
  const some = [
    () => ['/index.php/', {}],
    () => [`/?page=${dice(3)}`, { headers: [['Accept-Language', 'de']] }],
    () => ['/index.php/add', form({ title: text(3), text: text(5 + dice(60)) })],
    () => ['/index.php/add', form({ title: text(1), text: text(dice(300)) })],
    () => [`/index.php/note/${dice(20)}`, {}],
    () => [`/index.php/edit/${dice(20)}`, form({ text: text(20) })],
    () => [`/index.php/remove/${dice(30)}`, form({})],
    () => [`/index.php/search?q=${encodeURIComponent(text(1))}`, {}],
    () => ['/index.php/login', form({ name: words[dice(5)], word: words[dice(2)] })],
    () => ['/index.php/upload', upload(dice)],
    () => [`/index.php/thumb/${dice(6)}`, {}],
    () => ['/index.php/stats', {}],
    () => [`/index.php/calendar?year=${1900 + dice(200)}&month=${dice(12)}`, {}],
    () => ['/index.php/random', {}],
    () => ['/index.php/archive', {}],
    () => ['/index.php/feed', {}],
    () => ['/index.php/secrets', {}],
    () => [`/index.php/garbage?n=${dice(200)}`, {}],
    () => [`/index.php/text?q=${encodeURIComponent(text(2))}`, {}],
    () => [`/index.php/error?kind=${kinds[dice(kinds.length)]}`, {}],
    () => [
      '/index.php/request?a[b][]=c&d=%ff',
      {
        method: 'PUT',
        headers: [
          ['X-Own', 'ü'],
          ['User-Agent', 'test'],
        ],
        body: Buffer.from([0, 1, 2, 255]),
      },
    ],
    () => ['/style.css', {}],
    () => ['/nothing/here.css', { method: 'HEAD' }],
  ]
  for (let i = 0; i < COUNT; i++) {
    // the first time round each kind once, in order
    const [target, given] = some[i < some.length ? i : dice(some.length)]()
    const { method = 'GET', headers = [], body = new Uint8Array() } = given
    const cookie = cookies.size === 0 ? [] : [['Cookie', Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')]]
    yield { method, target, host: 'application.example:8080', https: i % 2 === 0, headers: [...headers, ...cookie], body }
  }
}

/** A form with a picture: a PNG made by hand, because compression differs between versions of Node. */
function upload(dice) {
  const [width, height] = [8 + dice(50), 6 + dice(30)]
  const rows = Buffer.alloc((width * 3 + 1) * height)
  for (let i = 0; i < rows.length; i++) rows[i] = i % (width * 3 + 1) === 0 ? 0 : (i * 7 + dice(90)) & 255
  const picture = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([int32(width), int32(height), Buffer.from([8, 2, 0, 0, 0])])),
    chunk('IDAT', stored(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
  const edge = 'an-edge-of-parts'
  const start = `--${edge}\r\nContent-Disposition: form-data; name="picture"; filename="a ü.png"\r\nContent-Type: image/png\r\n\r\n`
  return {
    method: 'POST',
    headers: [['Content-Type', `multipart/form-data; boundary=${edge}`]],
    body: Buffer.concat([Buffer.from(start), picture, Buffer.from(`\r\n--${edge}--\r\n`)]),
  }
}

function int32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

function chunk(type, content) {
  const checked = Buffer.concat([Buffer.from(type), content])
  let crc = -1
  for (const byte of checked) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return Buffer.concat([int32(content.length), checked, int32(~crc)])
}

/** One block of zlib's format that holds the bytes as they are: at most 65,535. */
function stored(bytes) {
  let [a, b] = [1, 0]
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  const head = Buffer.from([0x78, 0x01, 1, bytes.length & 255, bytes.length >> 8, ~bytes.length & 255, (~bytes.length >> 8) & 255])
  return Buffer.concat([head, bytes, int32(b * 65536 + a)])
}
