<?php

namespace Paradarum\CdnModule;

use Link;
use Paradarum\Purge\Courier;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Queue;

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * Brings batches to the API without anybody waiting for it: after the response where the server can end one early, else
 * through the module's cron address. What is on its way lies in the database first.
 */
final class Dispatcher
{
    /** Seconds for which one process sends. */
    const BUDGET = 20;

    /** Seconds for the connection to the shop's own cron address; nobody waits for its answer. */
    const PING = 0.03;

    private static $open;

    private $link;

    public function __construct(Link $link)
    {
        $this->link = $link;
    }

    public function link()
    {
        return $this->link;
    }

    /** @param \Paradarum\Purge\Batch[] $batches By shop. */
    public function take(array $batches)
    {
        foreach ($batches as $shop => $batch) {
            $this->queue($shop)->put($batch);
        }
        if ($this->endResponse() || PHP_SAPI === 'cli') {
            $this->deliverAll();
        } else {
            $this->ping();
        }
    }

    /** Sends what is due in each shop. @return int How many purges still wait. */
    public function deliverAll()
    {
        $waiting = 0;
        foreach (Sites::shops() as $shop) {
            $queue = $this->queue($shop);
            $endpoint = self::endpoint(new Settings($shop), new CurlTransport());
            if ($endpoint !== null && $queue->nextDue() !== null) {
                $courier = new Courier($queue, $endpoint, 'time');
                $courier->deliver(self::BUDGET);
            }
            $trouble = $queue->trouble();
            $waiting += $trouble['waiting'];
        }
        return $waiting;
    }

    public function queue($shop)
    {
        return new Queue(new ShopDatabase($shop), 'time');
    }

    /** @return Endpoint|null Null until address, property and key are given. */
    public static function endpoint(Settings $settings, $transport)
    {
        $key = $settings->key();
        return $key === null || $settings->property() === 0
            ? null
            : new Endpoint($settings->base(), $settings->property(), $key, $transport);
    }

    public function cronUrl()
    {
        return $this->link->getModuleLink('paradarumcdn', 'cron', array('token' => Settings::cronToken()), true);
    }

    /** Wakes the cron address without waiting for it. */
    public function ping()
    {
        $url = defined('PARADARUMCDN_LOOPBACK_URL') ? PARADARUMCDN_LOOPBACK_URL : $this->cronUrl();
        $parts = parse_url($url);
        if (empty($parts['host'])) {
            return;
        }
        $secure = isset($parts['scheme']) && $parts['scheme'] === 'https';
        $port = isset($parts['port']) ? $parts['port'] : ($secure ? 443 : 80);
        // The shop's own name may lead to this machine under a certificate of its own.
        $context = stream_context_create(array('ssl' => array('verify_peer' => false, 'verify_peer_name' => false)));
        $to = ($secure ? 'ssl' : 'tcp') . '://' . $parts['host'] . ':' . $port;
        $socket = @stream_socket_client($to, $code, $reason, self::PING, STREAM_CLIENT_CONNECT, $context);
        if ($socket === false) {
            return;
        }
        stream_set_blocking($socket, false);
        $target = (isset($parts['path']) ? $parts['path'] : '/') . (isset($parts['query']) ? '?' . $parts['query'] : '');
        $host = $parts['host'] . (isset($parts['port']) ? ':' . $parts['port'] : '');
        fwrite($socket, "POST $target HTTP/1.1\r\nHost: $host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // Closed only when the process ends: a proxy in between may drop what its client no longer waits for.
        self::$open = $socket;
    }

    private function endResponse()
    {
        foreach (array('fastcgi_finish_request', 'litespeed_finish_request') as $finish) {
            if (function_exists($finish)) {
                $finish();
                return true;
            }
        }
        return false;
    }
}
