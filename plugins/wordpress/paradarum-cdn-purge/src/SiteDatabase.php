<?php

namespace Paradarum\CdnPurge;

use Paradarum\Purge\Database;
use Paradarum\Purge\Queue;

defined('ABSPATH') || exit;

/** The queue's table of the current site, made when it is first needed: sites of a network come and go. */
final class SiteDatabase implements Database
{
    public const VERSION_OPTION = 'paradarum_cdn_table';
    private const VERSION = 1;

    public static function ready(): self
    {
        $database = new self();
        if ((int) get_option(self::VERSION_OPTION, 0) !== self::VERSION) {
            global $wpdb;
            $serial = 'bigint(20) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY';
            $wpdb->query("CREATE TABLE IF NOT EXISTS {$database->table()} (" . Queue::columns($serial) . ') ' . $wpdb->get_charset_collate());
            update_option(self::VERSION_OPTION, self::VERSION);
        }
        return $database;
    }

    public static function drop(): void
    {
        global $wpdb;
        $table = (new self())->table();
        $wpdb->query("DROP TABLE IF EXISTS $table");
        delete_option(self::VERSION_OPTION);
    }

    public function table(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'paradarum_purges';
    }

    public function run($sql, array $values): int
    {
        global $wpdb;
        return (int) $wpdb->query(self::prepared($sql, $values));
    }

    public function rows($sql, array $values): array
    {
        global $wpdb;
        return (array) $wpdb->get_results(self::prepared($sql, $values), ARRAY_A);
    }

    /** @param array<int|string> $values */
    private static function prepared(string $sql, array $values): string
    {
        global $wpdb;
        $types = array_map(static fn($value): string => is_int($value) ? '%d' : '%s', $values);
        $parts = explode('?', $sql);
        $format = array_shift($parts);
        foreach ($parts as $n => $part) {
            $format .= $types[$n] . $part;
        }
        return $wpdb->prepare($format, $values);
    }
}
