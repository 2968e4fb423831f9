// Makes HotelDruid's site of Debian's package. README.md says what is done here, and why.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeSiteFolder, setTimes } from '../../tools/apps/src/site/site-folder.ts'
import { SiteInProcess } from '../../tools/apps/src/site/site-in-process.ts'

export const debian = ['hoteldruid']

/** @param {import('../../tools/apps/src/site/recipe.ts').RecipeKit} kit */
export async function build({ site, own, debian: packages, admin, password }) {
  cpSync(join(packages, 'usr/share/hoteldruid'), join(site, 'public'), { recursive: true })
  rmSync(join(site, 'public/includes/.htaccess'))
  for (const folder of ['data', 'initial']) mkdirSync(join(site, folder))
  cpSync(join(own, 'files'), site, { recursive: true })
  writeFileSync(join(site, 'interpeer.json'), JSON.stringify({ slots: 5, documentRoot: 'public' }))
  setTimes(site)
  await install(site, admin, password)
  cpSync(join(site, 'data'), join(site, 'initial'), { recursive: true })
  cpSync(join(own, 'interpeer.json'), join(site, 'interpeer.json'))
}

/**
 * What its first user would do, in the runtime itself: make the database and the year, have sessions kept by cookie, and ask for a password.
 * @param {string} site
 * @param {string} admin
 * @param {string} password
 */
async function install(site, admin, password) {
  const running = await SiteInProcess.open(site)
  /** @type {(target: string, form: Record<string, string>, expected: string) => Promise<void>} */
  const post = async (target, form, expected) => {
    const { status, text, log } = await running.ask(target, { form })
    if (status !== 200 || !text.includes(expected))
      throw new Error(`HotelDruid could not be set up: ${target}: ${status} ${text.slice(-500)} ${log}`)
  }
  await post('/creadb.php', { lingua: 'en' }, 'All the permanent data has been inserted')
  const menu = await running.ask('/inizio.php')
  const year = /Main menu of year <em>(\d+)/.exec(menu.text)?.[1] ?? /anno=(\d{4})/.exec(menu.text)?.[1]
  if (year === undefined) throw new Error(`HotelDruid made no year: ${menu.text.slice(-500)}`)
  const session = { anno: year, id_sessione: '' }
  await post(
    '/personalizza.php',
    { ...session, aggiorna_qualcosa: 'SI', attiva_cookies: '1' },
    'Use of cookies for session handling enabled',
  )
  const user = { modifica_utenti: '1', num_utenti_tab: '1', continua: 'SI', id_utente_tab0: '1', nome1: admin, tipo_pass1: '5' }
  await post('/gestione_utenti.php', { ...session, ...user, prima_pass1: password, seconda_pass1: password }, 'HotelDruid')
  const { text } = await running.ask('/inizio.php')
  if (!text.includes('name="password_phpr"')) throw new Error('HotelDruid asks for no password')
  running.close()
  changeSiteFolder(site, running.changes)
}
