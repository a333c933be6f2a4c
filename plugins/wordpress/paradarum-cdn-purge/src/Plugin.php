<?php

namespace Paradarum\CdnPurge;

use Paradarum\Purge\Courier;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Queue;

defined('ABSPATH') || exit;

/** What the plugin is made of. Everything is per site: on multisite, ask again after switch_to_blog. */
final class Plugin
{
    private static ?self $instance = null;

    private Recorder $recorder;
    private Dispatcher $dispatcher;

    private function __construct()
    {
        $this->dispatcher = new Dispatcher($this, new Loopback());
        $this->recorder = new Recorder($this, $this->dispatcher);
    }

    public static function instance(): self
    {
        return self::$instance ??= new self();
    }

    public function start(): void
    {
        add_action('init', [$this, 'loadTranslations']);
        $this->dispatcher->start();
        $this->recorder->start();
        (new Hooks\PostHooks($this->recorder))->start();
        (new Hooks\TermHooks($this->recorder))->start();
        (new Hooks\CommentHooks($this->recorder))->start();
        (new Hooks\MediaHooks($this->recorder))->start();
        (new Hooks\UserHooks($this->recorder))->start();
        (new Hooks\SiteHooks($this->recorder))->start();
        (new Hooks\ShopHooks($this->recorder))->start();
        (new Admin\AdminBar($this))->start();
        if (is_admin()) {
            (new Admin\SettingsPage($this))->start();
            (new Admin\PostBox($this))->start();
            (new Admin\Notices($this))->start();
        }
        if (defined('WP_CLI') && \WP_CLI) {
            \WP_CLI::add_command('paradarum', new Cli($this));
        }
        register_deactivation_hook(PARADARUM_CDN_FILE, [$this->dispatcher, 'forgetSchedule']);
    }

    public function loadTranslations(): void
    {
        load_plugin_textdomain('paradarum-cdn-purge', false, dirname(plugin_basename(PARADARUM_CDN_FILE)) . '/languages');
    }

    public function settings(): Settings
    {
        return new Settings();
    }

    public function recorder(): Recorder
    {
        return $this->recorder;
    }

    public function dispatcher(): Dispatcher
    {
        return $this->dispatcher;
    }

    public function queue(): Queue
    {
        return new Queue(SiteDatabase::ready(), 'time');
    }

    /** Null until address, property and key are given. */
    public function endpoint(): ?Endpoint
    {
        $settings = $this->settings();
        $key = $settings->key();
        return $key === null || $settings->property() === 0
            ? null
            : new Endpoint($settings->base(), $settings->property(), $key, new SiteTransport());
    }

    public function courier(): ?Courier
    {
        $endpoint = $this->endpoint();
        return $endpoint === null ? null : new Courier($this->queue(), $endpoint, 'time');
    }
}
