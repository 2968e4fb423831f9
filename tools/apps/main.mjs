// npm run recipe -- NAME --out DIR: builds a recipe's site into a folder, to be published.
import { parseArgs } from 'node:util'
import { copySiteOfRecipe, recipeNames } from './src/site/recipe.ts'
import { closeSharedRuntime } from './src/site/site-in-process.ts'

const HELP = `npm run recipe -- NAME --out DIR [FLAGS]: builds the site of an application
  NAME           ${recipeNames().join(', ')}
  --out DIR      a folder that is not there yet
  --title TEXT   what the site is called (NAME)
  --admin NAME   its administrator (admin)
The administrator's password is read from INTERPEER_ADMIN_PASSWORD.`

const { values, positionals } = parseArgs({
  options: { out: { type: 'string' }, title: { type: 'string' }, admin: { type: 'string', default: 'admin' } },
  allowPositionals: true,
})
const [name] = positionals
const password = process.env.INTERPEER_ADMIN_PASSWORD
if (positionals.length !== 1 || name === undefined || !recipeNames().includes(name) || values.out === undefined || !password) {
  console.error(HELP)
  process.exitCode = 2
} else {
  await copySiteOfRecipe(name, { title: values.title ?? name, admin: values.admin, password }, values.out)
  await closeSharedRuntime()
  console.log(values.out)
}
