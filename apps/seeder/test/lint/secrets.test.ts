import { expect, test } from 'vitest'
import { entropyOf, privateKindOf, secretsIn } from '../../src/lint/secrets.js'

// put together here, so that no scanner takes this file for one that leaks
const [key, token] = [`-----BEGIN RSA ${'PRIVATE'} KEY-----`, `ghp_${'a1B2'.repeat(9)}`]

test.each([
  ['wp-config.php', "define('DB_PASSWORD', 'hunter2');", 'what "DB_PASSWORD" is'],
  ['wp-config.php', "define( 'AUTH_KEY',  'k9#Lw2@vQ8z!mX4p' );", 'what "AUTH_KEY" is'],
  ['LocalSettings.php', '$wgSecretKey = "8f14e45fceea167a5a36dedd4bea2543";', 'what "wgSecretKey" is'],
  ['.env', 'APP_KEY=base64:Kq8vYd02fJc7Zt4x', 'what "APP_KEY" is'],
  ['config/database.yml', '  password: hunter22', 'what "password" is'],
  ['parameters.json', '"api_key": "k9Lw2vQ8zmX4pR7s"', 'what "api_key" is'],
  ['anything.txt', key, 'a private key'],
  ['src/a.php', `$x = '${token}';`, 'a token of GitHub'],
  ['sites/default/settings.php', "  'password' => 'hunter2',", 'what "password" is'],
  ['sites/test.example.org/settings.php', "  'password' => 'hunter2',", 'what "password" is'],
  ['test/wp-config.php', "define('DB_PASSWORD', 'hunter2');", 'what "DB_PASSWORD" is'],
  ['wp-config.php', "define('DB_PASSWORD', 'aB3(xY9)kLm');", 'what "DB_PASSWORD" is'],
  ['wp-config.php', `define("DB_PASSWORD", "aB3(xY9)kLm");`, 'what "DB_PASSWORD" is'],
  ['config.php', "'password' => '$uperS3cret'", 'what "password" is'],
  ['config.php', "'password' => '@dmin123'", 'what "password" is'],
  ['config.php', "'password' => '<p4ss'", 'what "password" is'],
  ['config.php', "'password' => '{p4ss'", 'what "password" is'],
  ['config.php', "'password' => '%p4ss'", 'what "password" is'],
  ['docker.conf', 'mysql://app:s3cret9@db.internal/app', 'a password in an address'],
])('%s: %s', (path, line, kind) => {
  expect(secretsIn(path, `first\n${line}\n`)).toEqual([{ path, line: 2, kind }])
})

test.each([
  ['wp-config-sample.php', "define('DB_PASSWORD', 'password_here');"],
  ['sites/default/settings.dist.php', "'password' => 'hunter2'"],
  ['config/tests.yml', 'password: hunter2'],
  ['config.php', '"password" => "$password"'],
  ['config.php', `"password" => "{$options['password']}"`],
  ['.env', 'DB_PASSWORD=$OTHER_PASSWORD'],
  ['.env', 'DB_PASSWORD=secret_of(mysql)'],
  ['services.yaml', "password: '%env(DB_PASSWORD)%'"],
  ['services.yaml', "password: '%database_password%'"],
  ['services.yaml', "password_hasher: '@security.hasher'"],
  ['config.yml', "password: '{{ vault_password }}'"],
  ['config.yml', `password: '$\{DB_PASSWORD}'`],
  ['config.yml', "password: '<your password>'"],
  ['config.ini', "password = '%(password)s'"],
  ['wp-config.php', "define('AUTH_KEY', 'put your unique phrase here');"],
  ['wp-config.php', "define('DB_PASSWORD', getenv('DB_PASSWORD'));"],
  ['config.php', "$password = $_POST['password'];"],
  ['setup-config.php', "_x('password', 'example password of yours')"],
  ['config.php', '// $password = "hunter2";'],
  ['config.php', "'token' => 'aaaaaaaaaaaaaaaa'"],
  ['lib/user.php', "$password = 'a default that is no setting';"],
  ['lib/mysql.php', ' * For example, mysql://root:password@localhost/db'],
])('no secret: %s: %s', (path, line) => {
  expect(secretsIn(path, line)).toEqual([])
})

test('entropy is that of the characters', () => {
  expect([entropyOf('aaaa'), entropyOf('abab'), entropyOf('abcd')]).toEqual([0, 1, 2])
})

test.each([
  ['.git/config', 'the history of the source'],
  ['.env.local', 'settings of a machine'],
  ['keys/id_rsa', 'a file of keys'],
  ['backup.sql.gz', 'a dump of a database'],
  ['index.php~', 'a copy that an editor left'],
  ['.env.example', undefined],
  ['index.php', undefined],
])('%s is %s', (path, kind) => {
  expect(privateKindOf(path)).toBe(kind)
})
