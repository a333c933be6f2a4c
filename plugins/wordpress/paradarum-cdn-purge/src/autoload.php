<?php

defined('ABSPATH') || exit;

spl_autoload_register(static function (string $class): void {
    if (strpos($class, 'Paradarum\\CdnPurge\\') !== 0) {
        return;
    }
    $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, 19)) . '.php';
    if (is_file($file)) {
        require $file;
    }
});
