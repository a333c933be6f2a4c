<?php

namespace Paradarum\CdnPurge;

use Paradarum\Purge\Batch;

defined('ABSPATH') || exit;

/**
 * Brings batches to the API without anybody waiting for it: after the response where the server can end one early, else
 * through the site's cron. What is on its way lies in the database first.
 */
final class Dispatcher
{
    public const EVENT = 'paradarum_cdn_deliver';
    private const COURIER = 'paradarum_cdn_courier';

    /** Seconds that the site's cron works and waits for what failed a moment ago; a worker of the server is busy meanwhile. */
    private const PATIENCE = 20;

    private Plugin $plugin;
    private Loopback $loopback;

    public function __construct(Plugin $plugin, Loopback $loopback)
    {
        $this->plugin = $plugin;
        $this->loopback = $loopback;
    }

    public function start(): void
    {
        add_action(self::EVENT, [$this, 'deliver']);
        add_action('wp_loaded', [$this, 'deliverInCron']);
    }

    /** Takes over a batch at the end of a request. */
    public function take(Batch $batch): void
    {
        $this->plugin->queue()->put($batch);
        if ($this->endResponse() || wp_doing_cron() || PHP_SAPI === 'cli') {
            $this->deliver();
            return;
        }
        $this->wake();
    }

    /** Has the site's cron deliver at once what is due. */
    public function wake(): void
    {
        if ($this->plugin->queue()->nextDue() !== null) {
            $this->schedule(time());
            $this->loopback->ping();
        }
    }

    /** Each request to wp-cron.php delivers, also while WordPress itself holds back events because another one runs. */
    public function deliverInCron(): void
    {
        if (!wp_doing_cron() || !$this->plugin->settings()->isConfigured() || $this->plugin->queue()->nextDue() === null) {
            return;
        }
        $this->endResponse() || $this->endCronResponse();
        $this->deliver();
    }

    /** Sends what is due. Waits a little for what failed a moment ago; one process at a time. */
    public function deliver(): void
    {
        $queue = $this->plugin->queue();
        $courier = $this->plugin->courier();
        /** Seconds for which the site's cron waits; 0: whatever failed is left to the next run. */
        $patience = wp_doing_cron() ? (int) apply_filters('paradarum_cdn_patience', self::PATIENCE) : 0;
        $end = time() + $patience;
        // Who comes while a courier works adds to the queue, and that courier looks again before it goes.
        while ($courier !== null && $queue->nextDue() !== null && !get_transient(self::COURIER)) {
            set_transient(self::COURIER, 1, 2 * self::PATIENCE);
            do {
                $courier->deliver(self::PATIENCE);
                $next = $queue->nextDue();
                $goesOn = $next !== null && max($next, time()) < $end;
                if ($goesOn && $next > time()) {
                    // In short steps: somebody may have the purge hurry.
                    sleep(1);
                }
            } while ($goesOn);
            delete_transient(self::COURIER);
            // Somebody may have come between the last look and this line, and gone again because a courier was at work.
            $next = $queue->nextDue();
            if ($next === null || $next > time()) {
                break;
            }
        }
        $next = $queue->nextDue();
        if ($next !== null) {
            $this->schedule($next);
        }
    }

    public function forgetSchedule(): void
    {
        wp_clear_scheduled_hook(self::EVENT);
    }

    private function schedule(int $at): void
    {
        $known = wp_next_scheduled(self::EVENT);
        if ($known !== false && $known <= max($at, time())) {
            return;
        }
        if ($known !== false) {
            wp_clear_scheduled_hook(self::EVENT);
        }
        wp_schedule_single_event($at, self::EVENT);
    }

    /** Lets the visitor go; false where this server can't. */
    private function endResponse(): bool
    {
        foreach (['fastcgi_finish_request', 'litespeed_finish_request'] as $finish) {
            if (function_exists($finish)) {
                $finish();
                return true;
            }
        }
        return false;
    }

    /** WordPress waits up to a second for its own cron where it can't end early; an empty answer lets it go at once. */
    private function endCronResponse(): void
    {
        if (headers_sent() || PHP_SAPI === 'cli') {
            return;
        }
        ignore_user_abort(true);
        header('Connection: close');
        header('Content-Encoding: none');
        header('Content-Length: 0');
        while (ob_get_level() > 0) {
            ob_end_flush();
        }
        flush();
    }
}
