import { type DumpEvent, dumpEvents } from '../../src/sql/dump-events.js'
import { MORE, Tokenizer } from '../../src/sql/tokens.js'

/** All events of a dump that comes in pieces of so many bytes. */
export function eventsIn(dump: string | Uint8Array, pieceBytes = Number.POSITIVE_INFINITY): DumpEvent[] {
  const bytes = typeof dump === 'string' ? Buffer.from(dump) : dump
  const tokenizer = new Tokenizer()
  const events = dumpEvents(tokenizer)
  const found: DumpEvent[] = []
  const goOn = (): void => {
    for (;;) {
      const { done, value } = events.next()
      if (done === true || value === MORE) return
      found.push(value)
    }
  }
  for (let at = 0; at < bytes.length; at += Math.min(pieceBytes, bytes.length)) {
    tokenizer.push(bytes.subarray(at, Math.min(at + pieceBytes, bytes.length)))
    goOn()
  }
  tokenizer.finish()
  goOn()
  return found
}

/** As mysqldump escapes it. */
export function escaped(bytes: Uint8Array): Uint8Array {
  const names: Readonly<Record<number, string>> = { 0: '0', 10: 'n', 13: 'r', 26: 'Z', 34: '"', 39: "'", 92: '\\' }
  return Uint8Array.from([...bytes].flatMap((byte) => (names[byte] === undefined ? [byte] : [92, (names[byte] as string).charCodeAt(0)])))
}

/** What mysqldump 8 writes around everything. */
export const DUMP = `-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40000 DROP DATABASE IF EXISTS \`site\`*/;
DROP TABLE IF EXISTS \`posts\`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE \`posts\` (
  \`id\` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  \`title\` varchar(200) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '' COMMENT 'with; a ''semicolon''',
  \`slug\` varchar(200) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  \`kind\` enum('post','page, or ''other''') DEFAULT 'post',
  \`flags\` bit(3) NOT NULL DEFAULT b'101',
  \`price\` decimal(10,2) DEFAULT '-1.50',
  \`exact\` decimal(30,10) DEFAULT NULL,
  \`hash\` binary(4) DEFAULT NULL,
  \`made\` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  \`changed\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  \`key\` varchar(10) DEFAULT (uuid()),
  \`loud\` varchar(200) GENERATED ALWAYS AS (upper(\`title\`)) VIRTUAL,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`slug\` (\`slug\`(50)),
  KEY \`made\` (\`made\`,\`kind\` DESC) USING BTREE,
  FULLTEXT KEY \`words\` (\`title\`),
  CONSTRAINT \`parent\` FOREIGN KEY (\`kind\`) REFERENCES \`kinds\` (\`name\`) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
LOCK TABLES \`posts\` WRITE;
/*!40000 ALTER TABLE \`posts\` DISABLE KEYS */;
INSERT INTO \`posts\` (\`id\`, \`title\`, \`slug\`, \`kind\`, \`flags\`, \`price\`, \`exact\`, \`hash\`, \`made\`, \`changed\`, \`key\`) VALUES
(1,'It''s \\"quoted\\", and \\\\ more; -- no comment\\n','one','post',b'101',12.50,'12345678901234567890.1234567890',0xDEADBEEF,'2024-01-02 03:04:05','2024-01-02 03:04:05','a'),
(2,'Grüße \\0 end',NULL,'page, or ''other''',b'0',-3,NULL,_binary '\\0\\Z\\'x','0000-00-00 00:00:00','2024-01-02 03:04:05',NULL);
/*!40000 ALTER TABLE \`posts\` ENABLE KEYS */;
UNLOCK TABLES;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`root\`@\`localhost\`*/ /*!50003 TRIGGER \`log_posts\` AFTER INSERT ON \`posts\` FOR EACH ROW BEGIN INSERT INTO log VALUES (NEW.id); DELETE FROM x; END */;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=\`root\`@\`%\` SQL SECURITY DEFINER */
/*!50001 VIEW \`recent\` AS select 1 AS \`id\` from \`posts\` */;
# the end
`
