<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

spl_autoload_register(function ($class) {
    if (strpos($class, 'Paradarum\\CdnModule\\') === 0 && is_file($file = __DIR__ . '/' . substr($class, 20) . '.php')) {
        require $file;
    }
});
