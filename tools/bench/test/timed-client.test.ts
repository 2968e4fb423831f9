import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { TimedClient } from '../timed-client.ts'

test('one connection is kept; forms are posted; the time is up to the last byte', async () => {
  let connections = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    response.write(`${request.method} ${request.url} ${request.headers.host} `)
    setTimeout(() => response.end(body), 30)
  }).on('connection', () => connections++)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = new TimedClient(port, 'wiki.localhost')
  try {
    const read = await client.ask({ path: '/?page=Home' })
    expect(read.body).toBe(`GET /?page=Home wiki.localhost:${port} `)
    expect(read.ms).toBeGreaterThan(25)
    const write = await client.ask({ path: '/', form: { text: 'a & b' } })
    expect(write.body).toBe(`POST / wiki.localhost:${port} text=a+%26+b`)
    expect(connections).toBe(1)
  } finally {
    client.close()
    server.close()
  }
})
