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
  // the other kind of quotation mark
  ['wp-config.php', `define('DB_PASSWORD', 'p4"ss');`, 'what "DB_PASSWORD" is'],
  ['wp-config.php', `define("DB_PASSWORD", "it's'mine");`, 'what "DB_PASSWORD" is'],
  ['config.php', `'user' => "o'hara", 'password' => "'.4dr;"`, 'what "password" is'],
  ['parameters.json', `"password": "it's"`, 'what "password" is'],
  // real settings of applications, in whatever folder
  ['configuration.php', "\tpublic $password = 'hunter2';", 'what "password" is'],
  ['configuration.php', "\tpublic $secret = 'FBVtggIk5lAzEU9H';", 'what "secret" is'],
  ['configuration.php', "\tpublic $smtppass = 'hunter2';", 'what "smtppass" is'],
  ['i18n/wp-config.php', "define('DB_PASSWORD', 'hunter2');", 'what "DB_PASSWORD" is'],
  ['conf/dokuwiki-config.php', "$conf['plugin']['authldap']['bindpassword'] = 'hunter2';", 'what "bindpassword" is'],
  ['config.php', "'password' => 'password1'", 'what "password" is'],
  ['config.php', "'password' => 'correct horse battery staple'", 'what "password" is'],
  ['.env', 'MAIL_PASSWORD="Ab1 cd2 ef3"', 'what "MAIL_PASSWORD" is'],
  ['web-ui.ini', 'password = hunter2', 'what "password" is'],
  ['secrets.txt', 'password: hunter2', 'what "password" is'],
  ['config/db-settings.php', "'dsn' => 'mysql:host=a;user=b;password=hunter2'", 'what "dsn" is'],
  ['language/en-GB/com_api.ini', 'COM_API_TOKEN="k9Lw2vQ8zmX4pR7s"', 'what "COM_API_TOKEN" is'],
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
  // words for people
  ['language/en-GB/com_users.ini', 'COM_USERS_PASSWORD_LABEL="Password"'],
  ['language/en-GB/com_users.ini', 'COM_USERS_RESET_PASSWORD="Neues Kennwort"'],
  ['administrator/language/de-DE/com_config.ini', 'COM_CONFIG_FIELD_DATABASE_PASSWORD_DESC="Das Kennwort für die Datenbank."'],
  ['plugins/user/de-DE.plg_user.ini', 'PLG_USER_PASSWORD="Kennwort"'],
  ['lib/plugins/authad/lang/en/settings.php', "$lang['admin_password'] = 'The password of the above user.';"],
  ['lib/plugins/authad/lang/ja/settings.php', "$lang['admin_password'] = '上記ユーザー';"],
  ['lib/plugins/authpdo/settings-lang.php', "$lang['pass'] = 'Passwort';"],
  ['includes/installer/i18n/config.json', '"config-db-password": "Database password:"'],
  ['resources/lang/de/settings.php', "'password' => 'Passwort'"],
  ['translations/messages.de.yaml', 'password: Passwort'],
  ['user/plugins/login/languages.yaml', 'PASSWORD: "Kennwort"'],
  ['wp-content/languages/plugins/settings-de_DE.l10n.php', "'Password'=>'Passwort','Secret'=>'Geheimnis'"],
  ['config/user.mail.yml', "password_reset_subject: 'Replacement login for you'"],
  ['my-settings.php', "'api_key_hint' => 'You find it in your account'"],
  ['my-settings.php', "'wrong_password' => 'The password is wrong'"],
  ['my-settings.php', "'secret_question' => 'Where were you born?'"],
  // names of things, and of what is said about passwords
  ['includes/MainConfigNames.php', "public const PasswordSender = 'PasswordSender';"],
  ['includes/config-schema.php', "'MinimalPasswordLength' => 'PasswordPolicyChecks::checkMinimalPasswordLength'"],
  ['includes/config-schema.php', "'PasswordPolicy' => 'array_replace_recursive'"],
  ['config/user.settings.yml', 'password_reset_timeout: 86400'],
  ['migrations/user.yml', '  pass: pass'],
  ['config-default.php', "define( 'DB_PASSWORD', 'password_here' );"],
  ['special.changecredentials.js', 'password: password,'],
  ['config.js', 'password: settings.password'],
  ['config/db-settings.php', "'dsn' => 'mysql:host=localhost;dbname=basic'"],
  // what is joined, and what stands for a password
  ['config-form.php', `echo '<input data-token="' . esc_attr($settings['token']) . '">'`],
  ['config-form.php', `echo '<input password="' . $password . '">'`],
  ['config.js', `"password='" + settings.password + "'"`],
  ['a.twig', 'placeholder="scheme://user_name[:password]@host_name[:port_num]/db"'],
  ['docker.conf', 'mysql://app:{PASS}@db/app and mysql://app:password@db'],
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
