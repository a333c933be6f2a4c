<?php

/**
 * Plugin Name: Stopwatch
 * Description: Measures what the plugin under test adds to each request: time and processor time of every one of its hooks, and calls of the purge API. Tests only.
 */

final class ParadarumStopwatch
{
    private static float $milliseconds = 0.0;
    private static float $processor = 0.0;
    private static int $calls = 0;
    private static int $depth = 0;

    /** WordPress itself calls its own cron at times; what counts are calls of the purge API. */
    public static function call($nothing, array $arguments, string $url)
    {
        self::$calls += strpos($url, '/api/property/') !== false ? 1 : 0;
        return $nothing;
    }

    private static function processor(): float
    {
        $used = getrusage();
        return 1e3 * ($used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']) + ($used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec']) / 1e3;
    }

    public static function wrap(): void
    {
        global $wp_filter;
        foreach ($wp_filter as $hook) {
            foreach ($hook->callbacks as $priority => $callbacks) {
                foreach ($callbacks as $id => $callback) {
                    $function = $callback['function'];
                    $owner = is_array($function) && is_object($function[0]) ? get_class($function[0]) : '';
                    if (strpos($owner, 'Paradarum\\CdnPurge\\') === 0) {
                        $hook->callbacks[$priority][$id]['function'] = static function (...$arguments) use ($function) {
                            return self::timed($function, $arguments);
                        };
                    }
                }
            }
        }
    }

    private static function timed(callable $function, array $arguments)
    {
        $started = hrtime(true);
        $used = self::processor();
        self::$depth++;
        try {
            return $function(...$arguments);
        } finally {
            // A hook inside a hook is counted once.
            if (--self::$depth === 0) {
                self::$milliseconds += (hrtime(true) - $started) / 1e6;
                self::$processor += self::processor() - $used;
            }
        }
    }

    public static function write(): void
    {
        if (!wp_doing_cron() && PHP_SAPI !== 'cli') {
            $line = sprintf("%s %s %.3f %.3f %d\n", $_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI'], self::$milliseconds, self::$processor, self::$calls);
            file_put_contents(dirname(ABSPATH) . '/stopwatch.log', $line, FILE_APPEND | LOCK_EX);
        }
    }
}

add_filter('pre_http_request', ['ParadarumStopwatch', 'call'], 10, 3);
// After all plugins have added their hooks; what is written last is after the shutdown hook.
add_action('plugins_loaded', ['ParadarumStopwatch', 'wrap'], PHP_INT_MAX);
register_shutdown_function(static function (): void {
    register_shutdown_function(['ParadarumStopwatch', 'write']);
});
