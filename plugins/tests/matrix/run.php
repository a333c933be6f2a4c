<?php

// Inside Playground: reads every file of the plugin with this PHP, then runs the unit tests of both parts in this WordPress.

$problems = [];
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator('/tree/plugins', FilesystemIterator::SKIP_DOTS | FilesystemIterator::FOLLOW_SYMLINKS)) as $file) {
    if ($file->getExtension() === 'php' && strpos($file->getPathname(), '/tests/') === false) {
        try {
            token_get_all(file_get_contents($file->getPathname()), TOKEN_PARSE);
        } catch (ParseError $error) {
            $problems[] = "{$file->getPathname()}: {$error->getMessage()}";
        }
    }
}
foreach ($problems as $problem) {
    echo "$problem\n";
}
putenv('PARADARUM_TEST_SITE=/tmp');
putenv('PARADARUM_TEST_ABSPATH=/wordpress');
putenv('PARADARUM_TEST_URL=http://127.0.0.1:9400');
set_include_path('/usr/share/php');
error_reporting(E_ALL & ~E_DEPRECATED);
require '/usr/share/php/PHPUnit/Autoload.php';
$version = PHP_VERSION;
register_shutdown_function(static function () use ($problems, $version): void {
    // WordPress knows its own version only after the tests have loaded it.
    echo "\nWordPress ", $GLOBALS['wp_version'] ?? 'not loaded', ', PHP ', $version, ', syntax ', $problems ? 'BROKEN' : 'fine', "\n";
});
$_SERVER['argv'] = ['phpunit', '--no-configuration', '--do-not-cache-result', '--colors=never', '--bootstrap', '/tree/plugins/tests/bootstrap-wordpress.php', '/tree/plugins/tests/wordpress'];
PHPUnit\TextUI\Command::main();
