import { noBrowser } from '../src/browser.ts'
import { type SiteOptions, siteOfRecipe } from '../src/site/recipe.ts'
import { SourcesMissing } from '../src/site/sources-missing.ts'

/** Who administers the sites that are tested. */
export const ADMIN: SiteOptions = { title: 'Everybody’s', admin: 'Ada', password: 'correct horse battery' }

/** The folder of a recipe's site; undefined, with a notice, where its packages or a browser cannot be had. Where CI is set that throws. */
export async function siteUnderTest(name: string, options: SiteOptions = ADMIN): Promise<string | undefined> {
  try {
    if (noBrowser !== undefined) throw new SourcesMissing(noBrowser)
    return await siteOfRecipe(name, options)
  } catch (error) {
    if (!(error instanceof SourcesMissing) || process.env.CI) throw error
    console.warn(`${name} is not tested: ${error.message}`)
    return undefined
  }
}
