import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppInNetwork, START_MS, STEP_MS } from '../src/app-in-network.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

const site = await siteUnderTest('hoteldruid')
let app: AppInNetwork
beforeAll(async () => {
  if (site !== undefined) app = await AppInNetwork.start(site, 'hoteldruid')
}, START_MS)
afterAll(() => app?.stop(), 30_000)

/** HotelDruid has the session in its links: its menu is followed, its addresses are not typed. */
async function menu(id: string): Promise<void> {
  const href = await app.page.getAttribute(id, 'href')
  if (href === null) throw new Error(`${app.page.url()} has no ${id}`)
  await app.page.goto(new URL(href, app.page.url()).href)
}

async function book(surname: string, nights: number): Promise<string> {
  await menu('#nb_ires')
  await app.page.fill('form[action="clienti.php"] input[name=cognome]', surname)
  const [first, last] = await app.page.$$eval(
    '#id_sdm1 option',
    (days, count) => {
      const chosen = days.findIndex((day) => (day as HTMLOptionElement).selected)
      return [chosen, chosen + count].map((i) => (days[i] as HTMLOptionElement).value) as [string, string]
    },
    nights,
  )
  await app.page.selectOption('#id_sdm1', first)
  await app.page.selectOption('#id_sdm2', last)
  await app.page.selectOption('select[name=nometipotariffa1]', 'tariffa1')
  await app.page.click('#inse')
  await app.page.click('button.icli')
  await app.page.waitForSelector('button.mres')
  return (await app.page.textContent('body')) ?? ''
}

test.runIf(site)(
  'the staff log in, and find the hotel without a year',
  async () => {
    await app.open('/') // leads on by itself
    await app.page.waitForSelector('input[name=nome_utente_phpr]')
    await app.shot('start')
    expect(await app.brokenImages()).toEqual([])
    await app.page.fill('input[name=nome_utente_phpr]', ADMIN.admin)
    await app.page.fill('input[name=password_phpr]', ADMIN.password)
    await app.page.click('button.login')
    await app.page.click('form[action="creaanno.php"] [type=submit]')
    await app.page.waitForFunction(() => document.body.textContent?.includes('created!'))
    await app.page.click('form[action="inizio.php"] [type=submit]')
    await app.page.waitForSelector('#nb_ires')
    await app.shot('menu')
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'a price is set, and a room is booked: three nights for three times the price',
  async () => {
    await menu('#nb_ipri')
    const prices = app.page.locator('form:has(#numcaselle)')
    await prices.locator('select[name=tipotariffa]').selectOption('tariffa1')
    const last = await app.page.$$eval('#id_sdm2 option', (days) => (days.at(-1) as HTMLOptionElement).value)
    await app.page.selectOption('#id_sdm2', last)
    await prices.locator('input[name=prezzoperiodo1]').fill('80')
    await app.shot('prices')
    await prices.locator('button.ipri').click()
    await app.page.waitForFunction(() => document.body.textContent?.includes('has been inserted'))
    const booked = await book('Lovelace', 3)
    expect(booked).toContain('240 Euros')
    expect(booked).toContain('Reservation 1 inserted')
    await app.shot('booked')
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'the booking is in the month’s table and among the reservations',
  async () => {
    await menu('#nb_m0')
    expect(await app.page.textContent('body')).toContain('Lovelace')
    await app.shot('month')
    await menu('#nb_rall')
    expect(await app.page.textContent('body')).toContain('Lovelace')
    await app.shot('reservations')
  },
  STEP_MS,
)

test.runIf(site)(
  'after a hand-over and with a member killed, booking and log-in are there, and the next guest gets another room',
  async () => {
    await app.handOver()
    await app.killMember()
    const booked = await book('Hopper', 2)
    expect(booked).toContain('Reservation 2 inserted')
    expect(/in room (\d+)/.exec(booked)?.[1]).not.toBe('01')
    await menu('#nb_rall')
    const listed = await app.page.textContent('body')
    expect(listed).toContain('Lovelace')
    expect(listed).toContain('Hopper')
    await app.shot('later')
  },
  4 * STEP_MS,
)
