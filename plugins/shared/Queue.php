<?php

namespace Paradarum\Purge;

/**
 * Purges that wait to be sent, and the last that were, in one table of the site's database. It is bounded and forgets no
 * purge: when too many wait, one All takes their place.
 */
final class Queue
{
    const MOST_WAITING = 50;
    const MOST_DONE = 100;

    /** Seconds after which a process that took a purge and did not come back has lost it. */
    const CLAIM = 60;

    const WAITING = 'waiting';
    const SENT = 'sent';
    const REFUSED = 'refused';

    private $db;
    private $clock;

    /** @param callable $clock Gives the time in whole seconds. */
    public function __construct(Database $db, $clock)
    {
        $this->db = $db;
        $this->clock = $clock;
    }

    /** The columns, in words that MySQL, MariaDB and SQLite know. */
    public static function columns($serial)
    {
        return 'id ' . $serial . ', batch_key varchar(64) NOT NULL, body longtext NOT NULL, item_count integer NOT NULL,'
            . ' subjects text NOT NULL, state varchar(10) NOT NULL, attempts integer NOT NULL, due_at bigint NOT NULL,'
            . ' claimed_until bigint NOT NULL, reason text NOT NULL, receipt text NOT NULL, rejected integer NOT NULL,'
            . ' made_at bigint NOT NULL, done_at bigint NOT NULL';
    }

    /**
     * Keeps a purge until it is sent. Once this returns it is in the database.
     *
     * @param bool $claim Whether this process sends it itself at once.
     * @return int Its id.
     */
    public function put(Batch $batch, $claim = false)
    {
        $now = $this->now();
        $table = $this->db->table();
        $subjects = $batch->subjects ? ',' . implode(',', $batch->subjects) . ',' : '';
        $waiting = $this->db->rows("SELECT id FROM $table WHERE state = ?", array(self::WAITING));
        if (count($waiting) >= self::MOST_WAITING) {
            $batch = Batch::everything();
        }
        $this->db->run(
            "INSERT INTO $table (batch_key, body, item_count, subjects, state, attempts, due_at, claimed_until, reason, receipt, rejected, made_at, done_at)"
            . ' VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, 0, ?, 0)',
            array($batch->key, $batch->body, $batch->count, $subjects, self::WAITING, $now, $claim ? $now + self::CLAIM : 0, '', '', $now)
        );
        $row = $this->db->rows("SELECT id FROM $table WHERE batch_key = ?", array($batch->key));
        $id = (int) $row[0]['id'];
        if (count($waiting) >= self::MOST_WAITING) {
            // After the All is in: a cut between the two purges too much, never too little.
            $this->db->run("DELETE FROM $table WHERE state = ? AND id < ? AND claimed_until < ?", array(self::WAITING, $id, $now));
        }
        return $id;
    }

    /** @return array[] Those whose time has come and that no process has taken, oldest first. */
    public function due($most = 20)
    {
        $now = $this->now();
        return $this->db->rows(
            "SELECT * FROM {$this->db->table()} WHERE state = ? AND due_at <= ? AND claimed_until < ? ORDER BY id LIMIT " . (int) $most,
            array(self::WAITING, $now, $now)
        );
    }

    /** @return array|null */
    public function find($id)
    {
        $rows = $this->db->rows("SELECT * FROM {$this->db->table()} WHERE id = ?", array((int) $id));
        return $rows ? $rows[0] : null;
    }

    /** Takes a purge for this process; false when another was faster. */
    public function claim($id)
    {
        $now = $this->now();
        return 1 === $this->db->run(
            "UPDATE {$this->db->table()} SET claimed_until = ? WHERE id = ? AND state = ? AND claimed_until < ?",
            array($now + self::CLAIM, (int) $id, self::WAITING, $now)
        );
    }

    public function sent($id, $receipt, $reason, $rejected)
    {
        $this->done($id, self::SENT, $receipt, $reason, $rejected);
    }

    /** For what will be refused however often it is sent. */
    public function refused($id, $reason, $rejected)
    {
        $this->done($id, self::REFUSED, '', $reason, $rejected);
    }

    public function later($id, $seconds, $reason)
    {
        $this->db->run(
            "UPDATE {$this->db->table()} SET attempts = attempts + 1, due_at = ?, claimed_until = 0, reason = ? WHERE id = ? AND state = ?",
            array($this->now() + (int) $seconds, $reason, (int) $id, self::WAITING)
        );
    }

    /** Another key, when the old one belongs to another request. */
    public function renewKey($id)
    {
        $this->db->run("UPDATE {$this->db->table()} SET batch_key = ? WHERE id = ?", array(Batch::newKey(), (int) $id));
    }

    /** Tries all that wait at the next chance, after the settings were put right. */
    public function hurry()
    {
        $this->db->run("UPDATE {$this->db->table()} SET due_at = ? WHERE state = ?", array($this->now(), self::WAITING));
    }

    /** @return int|null When the next one is due; null when none waits. */
    public function nextDue()
    {
        // One that a process has taken comes back when that process must be dead.
        $rows = $this->db->rows(
            'SELECT MIN(CASE WHEN claimed_until >= due_at THEN claimed_until + 1 ELSE due_at END) AS next_due'
            . " FROM {$this->db->table()} WHERE state = ?",
            array(self::WAITING)
        );
        return isset($rows[0]['next_due']) ? (int) $rows[0]['next_due'] : null;
    }

    /** @return array waiting: how many; failing: how many of them failed before; since, reason: of the oldest of those. */
    public function trouble()
    {
        $rows = $this->db->rows(
            "SELECT attempts, made_at, reason FROM {$this->db->table()} WHERE state = ? ORDER BY id",
            array(self::WAITING)
        );
        $failing = array_values(array_filter($rows, function ($row) {
            return (int) $row['attempts'] > 0;
        }));
        return array(
            'waiting' => count($rows),
            'failing' => count($failing),
            'since' => $failing ? (int) $failing[0]['made_at'] : 0,
            'reason' => $failing ? $failing[0]['reason'] : '',
        );
    }

    /** @return array|null The newest purge of which items were refused, after a given id. */
    public function refusedAfter($id)
    {
        $rows = $this->db->rows(
            "SELECT * FROM {$this->db->table()} WHERE rejected > 0 AND id > ? ORDER BY id DESC LIMIT 1",
            array((int) $id)
        );
        return $rows ? $rows[0] : null;
    }

    /** @return array[] Newest first. */
    public function latest($most)
    {
        return $this->db->rows("SELECT * FROM {$this->db->table()} WHERE id > ? ORDER BY id DESC LIMIT " . (int) $most, array(0));
    }

    /** @return array|null The newest purge of something, see {@see Routes::subject}; of the whole site too. */
    public function latestOf($subject)
    {
        $rows = $this->db->rows(
            "SELECT * FROM {$this->db->table()} WHERE subjects LIKE ? OR body = ? ORDER BY id DESC LIMIT 1",
            array('%,' . $subject . ',%', Batch::everything()->body)
        );
        return $rows ? $rows[0] : null;
    }

    private function done($id, $state, $receipt, $reason, $rejected)
    {
        $table = $this->db->table();
        $this->db->run(
            "UPDATE $table SET state = ?, attempts = attempts + 1, receipt = ?, reason = ?, rejected = ?, done_at = ?, claimed_until = 0 WHERE id = ?",
            array($state, (string) $receipt, $reason, (int) $rejected, $this->now(), (int) $id)
        );
        $old = $this->db->rows("SELECT id FROM $table WHERE state <> ? ORDER BY id DESC LIMIT 1 OFFSET " . self::MOST_DONE, array(self::WAITING));
        if ($old) {
            $this->db->run("DELETE FROM $table WHERE state <> ? AND id <= ?", array(self::WAITING, (int) $old[0]['id']));
        }
    }

    private function now()
    {
        return (int) call_user_func($this->clock);
    }
}
