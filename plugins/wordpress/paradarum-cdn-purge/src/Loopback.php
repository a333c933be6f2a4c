<?php

namespace Paradarum\CdnPurge;

defined('ABSPATH') || exit;

/**
 * Wakes the site's own cron without waiting for it. Behind a CDN few visitors reach the site, so that nobody else may wake
 * it for a long time.
 */
final class Loopback
{
    private const BUDGET = 0.03;

    /** Seconds after which something is wrong that no budget bounds, such as the look-up of the site's own name. */
    private const SLOW = 0.2;
    private const REST = 10 * MINUTE_IN_SECONDS;
    private const REST_OPTION = 'paradarum_cdn_ping_rests';

    /** @var resource|null Closed only when the process ends: a proxy in between may drop what its client no longer waits for. */
    private static $open = null;

    public function ping(): void
    {
        if (get_transient(self::REST_OPTION)) {
            return;
        }
        $started = microtime(true);
        $this->send($this->url());
        if (microtime(true) - $started > self::SLOW) {
            // Where this takes long it is not worth it: the next request that reaches the site does the same.
            set_transient(self::REST_OPTION, 1, self::REST);
        }
    }

    private function url(): string
    {
        $url = defined('PARADARUM_CDN_LOOPBACK_URL') ? PARADARUM_CDN_LOOPBACK_URL : site_url('wp-cron.php');
        /** Where the site's cron is woken; name the origin itself here when its public name leads to the CDN. */
        return (string) apply_filters('paradarum_cdn_loopback_url', $url);
    }

    private function send(string $url): void
    {
        $parts = wp_parse_url($url);
        if (empty($parts['host'])) {
            return;
        }
        $secure = ($parts['scheme'] ?? 'http') === 'https';
        $port = $parts['port'] ?? ($secure ? 443 : 80);
        // It carries no secret, and the name may lead to this machine under a certificate of its own.
        $context = stream_context_create(['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]]);
        $socket = @stream_socket_client(
            ($secure ? 'ssl' : 'tcp') . "://{$parts['host']}:$port",
            $code,
            $reason,
            self::BUDGET,
            STREAM_CLIENT_CONNECT,
            $context
        );
        if ($socket === false) {
            return;
        }
        stream_set_blocking($socket, false);
        $target = ($parts['path'] ?? '/') . (isset($parts['query']) ? '?' . $parts['query'] : '');
        $host = $parts['host'] . (isset($parts['port']) ? ":$port" : '');
        $request = "POST $target HTTP/1.1\r\nHost: $host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        self::$open = $socket;
        fwrite($socket, $request);
    }
}
