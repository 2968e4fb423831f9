<?php

use MediaWiki\MediaWikiServices;

/**
 * Full-text search in SQLite's FTS5. MediaWiki 1.39 has a class for FTS3 (SearchSqlite), whose query language differs, which cannot rank, and which leaves
 * what was deleted in the index. The table is `searchindex (si_title, si_text)` with the page's id as rowid.
 *
 * What visitors may write: words, all of which must be there, in any case and with or without accents; "several words" in this order; a word's beginning
 * and `*`; `-word`, which must not be there.
 */
class SearchSqliteFts5 extends SearchDatabase
{
    /** Makes the index, in place of whatever was there. Pages are put in by update(). */
    public static function createTable(\Wikimedia\Rdbms\IDatabase $db): void
    {
        $db->query('DROP TABLE IF EXISTS searchindex', __METHOD__);
        $db->query("CREATE VIRTUAL TABLE searchindex USING fts5(si_title, si_text, tokenize = 'unicode61 remove_diacritics 2')", __METHOD__);
    }

    protected function doSearchTextInDB($term)
    {
        return $this->search($term, 'si_text');
    }

    protected function doSearchTitleInDB($term)
    {
        return $this->search($term, 'si_title');
    }

    public function update($id, $title, $text)
    {
        $db = $this->lb->getConnectionRef(DB_PRIMARY);
        $db->delete('searchindex', ['rowid' => (int) $id], __METHOD__);
        $db->insert('searchindex', ['rowid' => (int) $id, 'si_title' => $title, 'si_text' => $text], __METHOD__);
    }

    public function updateTitle($id, $title)
    {
        $db = $this->lb->getConnectionRef(DB_PRIMARY);
        $db->update('searchindex', ['si_title' => $title], ['rowid' => (int) $id], __METHOD__);
    }

    public function delete($id, $title)
    {
        $this->lb->getConnectionRef(DB_PRIMARY)->delete('searchindex', ['rowid' => (int) $id], __METHOD__);
    }

    /** Hook PageMoveComplete: MediaWiki would go on finding a page by its former title until somebody edits it. */
    public static function onPageMoveComplete($from, $to, $user, int $id): void
    {
        DeferredUpdates::addUpdate(new SearchUpdate($id, Title::castFromLinkTarget($to)));
    }

    public function legalSearchChars($type = self::CHARS_ALL)
    {
        return ($type === self::CHARS_ALL ? '"*' : '') . parent::legalSearchChars($type);
    }

    private function search(string $term, string $column): ?SqlSearchResultSet
    {
        $match = $this->matchOf($term, $column);
        if ($match === null) {
            return null;
        }
        $db = $this->lb->getConnectionRef(DB_REPLICA);
        $where = ['searchindex MATCH ' . $db->addQuotes($match)];
        if ($this->namespaces !== null) {
            $where['page_namespace'] = $this->namespaces === [] ? NS_MAIN : $this->namespaces;
        }
        $join = ['page' => ['JOIN', 'page_id = searchindex.rowid']];
        $tables = ['searchindex', 'page'];
        // equal ranks in the order of their ids: the same on every machine
        $order = ['ORDER BY' => 'bm25(searchindex), page_id', 'LIMIT' => $this->limit, 'OFFSET' => $this->offset];
        $rows = $db->select($tables, ['page_id', 'page_namespace', 'page_title'], $where, __METHOD__, $order, $join);
        $total = (int) $db->selectField($tables, 'COUNT(*)', $where, __METHOD__, [], $join);
        return new SqlSearchResultSet($rows, $this->searchTerms, $total);
    }

    /** FTS5's query; null where there is nothing to look for. Every word becomes a string of FTS5's, so that nothing in it is syntax. */
    private function matchOf(string $term, string $column): ?string
    {
        $this->searchTerms = [];
        $language = MediaWikiServices::getInstance()->getContentLanguage();
        preg_match_all('/(-?)(?:"([^"]*)"|([^\s"]+))/u', $language->lc($term), $parts, PREG_SET_ORDER);
        [$wanted, $unwanted] = [[], []];
        foreach ($parts as $part) {
            $isBeginning = str_ends_with($part[0], '*');
            $words = trim($language->normalizeForSearch(rtrim($part[2] !== '' ? $part[2] : $part[3] ?? '', '*')));
            if (!preg_match('/[\p{L}\p{N}]/u', $words)) {
                continue;
            }
            $string = '"' . str_replace('"', '""', $words) . '"' . ($isBeginning ? '*' : '');
            if ($part[1] === '-') {
                $unwanted[] = $string;
                continue;
            }
            $wanted[] = $string;
            $this->searchTerms[] = '\b' . preg_quote($words, '/') . ($isBeginning ? '' : '\b');
        }
        if ($wanted === []) {
            return null;
        }
        $all = '(' . implode(' AND ', $wanted) . ')';
        return "{$column} : " . ($unwanted === [] ? $all : "($all NOT (" . implode(' OR ', $unwanted) . '))');
    }
}
