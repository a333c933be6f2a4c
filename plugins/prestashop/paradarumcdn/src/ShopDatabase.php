<?php

namespace Paradarum\CdnModule;

use Db;
use Paradarum\Purge\Database;
use Paradarum\Purge\Queue;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** The queue's table of one shop, made when it is first needed: shops come and go. */
final class ShopDatabase implements Database
{
    private static $ready = array();

    private $shop;

    public function __construct($shop)
    {
        $this->shop = (int) $shop;
        if (!isset(self::$ready[$this->shop])) {
            $serial = 'int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY';
            Db::getInstance()->execute(
                'CREATE TABLE IF NOT EXISTS ' . $this->table() . ' (' . Queue::columns($serial) . ') ENGINE=' . _MYSQL_ENGINE_ . ' DEFAULT CHARSET=utf8mb4'
            );
            self::$ready[$this->shop] = true;
        }
    }

    public static function drop($shop)
    {
        Db::getInstance()->execute('DROP TABLE IF EXISTS ' . self::nameOf($shop));
        unset(self::$ready[(int) $shop]);
    }

    public function table()
    {
        return self::nameOf($this->shop);
    }

    public function run($sql, array $values)
    {
        Db::getInstance()->execute(self::filled($sql, $values));
        return (int) Db::getInstance()->Affected_Rows();
    }

    public function rows($sql, array $values)
    {
        // Without the cache of queries: another process may have changed the queue a moment ago.
        $rows = Db::getInstance()->executeS(self::filled($sql, $values), true, false);
        return is_array($rows) ? $rows : array();
    }

    private static function nameOf($shop)
    {
        return _DB_PREFIX_ . 'paradarumcdn_purges_' . (int) $shop;
    }

    private static function filled($sql, array $values)
    {
        $parts = explode('?', $sql);
        $filled = array_shift($parts);
        foreach ($parts as $n => $part) {
            $filled .= (is_int($values[$n]) ? $values[$n] : "'" . Db::getInstance()->escape($values[$n], true) . "'") . $part;
        }
        return $filled;
    }
}
