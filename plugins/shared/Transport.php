<?php

namespace Paradarum\Purge;

/** How the site makes HTTP calls; follows no redirect, checks certificates. */
interface Transport
{
    /**
     * @param string[] $headers By name.
     * @param float $timeout Seconds for the whole call.
     * @return Answer Never throws.
     */
    public function call($method, $url, array $headers, $body, $timeout);
}
