<?php

// The part that both plugins share, without a framework and in words that PHP 5.6 knows.
spl_autoload_register(function ($class) {
    if (strpos($class, 'Paradarum\\Purge\\') === 0 && is_file($file = __DIR__ . '/' . substr($class, 16) . '.php')) {
        require $file;
    }
});
