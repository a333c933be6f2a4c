<?php

namespace Paradarum\Purge;

/** When a purge that failed is tried again. */
final class Backoff
{
    const LONGEST = 900;

    /**
     * 5 s, 15 s, 45 s and so on up to 15 minutes, each up to a quarter more by chance, so that many sites do not come back
     * in the same second. What the server asks for counts when it is more, up to an hour.
     *
     * @param int $attempts How many failed, 1 and up.
     * @param int|null $retryAfter Seconds, from the answer.
     */
    public static function seconds($attempts, $retryAfter = null)
    {
        $delay = min(self::LONGEST, 5 * pow(3, min(10, max(1, $attempts)) - 1));
        $delay += mt_rand(0, (int) ($delay / 4));
        return (int) max($delay, min(3600, (int) $retryAfter));
    }
}
