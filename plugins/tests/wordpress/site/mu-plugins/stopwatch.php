<?php

/**
 * Plugin Name: Stopwatch
 * Description: Measures what the plugin under test adds to each request: the wall time of every one of its hooks. Tests only.
 */

final class ParadarumStopwatch
{
    private static float $milliseconds = 0.0;
    private static int $depth = 0;

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
        self::$depth++;
        try {
            return $function(...$arguments);
        } finally {
            // A hook inside a hook is counted once.
            if (--self::$depth === 0) {
                self::$milliseconds += (hrtime(true) - $started) / 1e6;
            }
        }
    }

    public static function write(): void
    {
        if (!wp_doing_cron() && PHP_SAPI !== 'cli') {
            $line = sprintf("%s %s %.3f\n", $_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI'], self::$milliseconds);
            file_put_contents(dirname(ABSPATH) . '/stopwatch.log', $line, FILE_APPEND | LOCK_EX);
        }
    }
}

// After all plugins have added their hooks; what is written last is after the shutdown hook.
add_action('plugins_loaded', ['ParadarumStopwatch', 'wrap'], PHP_INT_MAX);
register_shutdown_function(static function (): void {
    register_shutdown_function(['ParadarumStopwatch', 'write']);
});
