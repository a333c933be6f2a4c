<?php

/**
 * Plugin Name: Paradarum CDN Purge
 * Description: Purges by itself what a change of your site touches, from a Paradarum CDN or any server with the same purge API.
 * Version: 1.0.0
 * Requires at least: 5.6
 * Requires PHP: 7.4
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: paradarum-cdn-purge
 * Domain Path: /languages
 */

defined('ABSPATH') || exit;

define('PARADARUM_CDN_VERSION', '1.0.0');
define('PARADARUM_CDN_FILE', __FILE__);

require_once __DIR__ . '/purge/autoload.php';
require_once __DIR__ . '/src/autoload.php';

Paradarum\CdnPurge\Plugin::instance()->start();
