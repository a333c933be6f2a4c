<?php

use Paradarum\Purge\Database;
use Paradarum\Purge\Queue;

/** A database in memory, for what runs the same on MariaDB in the tests with WordPress. */
final class SqliteDatabase implements Database
{
    private PDO $pdo;

    public function __construct()
    {
        $this->pdo = new PDO('sqlite::memory:', null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->pdo->exec('CREATE TABLE purges (' . Queue::columns('integer PRIMARY KEY AUTOINCREMENT') . ')');
    }

    public function table(): string
    {
        return 'purges';
    }

    public function run($sql, array $values): int
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($values);
        return $statement->rowCount();
    }

    public function rows($sql, array $values): array
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($values);
        return $statement->fetchAll(PDO::FETCH_ASSOC);
    }
}
