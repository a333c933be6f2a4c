<?php

namespace Paradarum\CdnPurge\Admin;

use Paradarum\CdnPurge\Plugin;
use Paradarum\CdnPurge\SiteTransport;
use Paradarum\CdnPurge\Words;
use Paradarum\Purge\Endpoint;

defined('ABSPATH') || exit;

/** Settings -> Paradarum CDN. */
final class SettingsPage
{
    public const SLUG = 'paradarum-cdn';
    private const RESULT = 'paradarum_cdn_saved_';

    private Plugin $plugin;

    public function __construct(Plugin $plugin)
    {
        $this->plugin = $plugin;
    }

    public function start(): void
    {
        add_action('admin_menu', [$this, 'addPage']);
        add_action('admin_enqueue_scripts', [$this, 'addAssets']);
        add_action('admin_post_paradarum_save', [$this, 'save']);
        add_action('admin_post_paradarum_retry', [$this, 'retry']);
        add_action('wp_ajax_paradarum_test', [$this, 'test']);
        add_filter('plugin_action_links_' . plugin_basename(PARADARUM_CDN_FILE), [$this, 'addLink']);
    }

    public static function url(): string
    {
        return admin_url('options-general.php?page=' . self::SLUG);
    }

    public function addPage(): void
    {
        add_options_page('Paradarum CDN', 'Paradarum CDN', Gate::SETTINGS, self::SLUG, [$this, 'show']);
    }

    /**
     * @param string[] $links
     * @return string[]
     */
    public function addLink(array $links): array
    {
        array_unshift($links, '<a href="' . esc_url(self::url()) . '">' . esc_html__('Settings', 'paradarum-cdn-purge') . '</a>');
        return $links;
    }

    public function addAssets(string $page): void
    {
        if (!in_array($page, ['settings_page_' . self::SLUG, 'post.php'], true)) {
            return;
        }
        wp_enqueue_style('paradarum-cdn', plugins_url('assets/admin.css', PARADARUM_CDN_FILE), [], PARADARUM_CDN_VERSION);
        wp_enqueue_script('paradarum-cdn', plugins_url('assets/admin.js', PARADARUM_CDN_FILE), [], PARADARUM_CDN_VERSION, true);
        $words = ['asking' => __('Asking the API...', 'paradarum-cdn-purge'), 'failed' => __('This site did not answer. Try again.', 'paradarum-cdn-purge')];
        $told = ['ajax' => admin_url('admin-ajax.php'), 'words' => $words];
        wp_add_inline_script('paradarum-cdn', 'var paradarumCdn = ' . wp_json_encode($told) . ';', 'before');
    }

    public function save(): void
    {
        Gate::pass('paradarum_save');
        // Each field is judged by Settings::save.
        $input = wp_unslash(array_intersect_key($_POST, array_flip(
            ['base', 'property', 'key', 'forget_key', 'auto', 'strategy', 'threshold', 'kinds']
        )));
        $problems = $this->plugin->settings()->save($input);
        unset($input['key']);
        set_transient(self::RESULT . get_current_user_id(), ['problems' => $problems, 'input' => $problems ? $input : []], MINUTE_IN_SECONDS);
        if (!$problems) {
            // What waited for better settings goes now.
            $this->plugin->queue()->hurry();
            $this->plugin->dispatcher()->wake();
        }
        wp_safe_redirect(self::url());
        exit;
    }

    public function retry(): void
    {
        Gate::pass('paradarum_retry');
        $this->plugin->queue()->hurry();
        $this->plugin->dispatcher()->wake();
        wp_safe_redirect(self::url());
        exit;
    }

    /** Tests what stands in the form, with the saved key where none was entered and the address is the one it was saved for. */
    public function test(): void
    {
        Gate::pass('paradarum_test');
        $settings = $this->plugin->settings();
        $base = Endpoint::cleanBase(sanitize_text_field(wp_unslash($_POST['base'] ?? '')));
        $property = absint($_POST['property'] ?? 0);
        $key = trim((string) wp_unslash($_POST['key'] ?? ''));
        if ($base === null) {
            wp_send_json(['ok' => false, 'words' => __('The API address must look like https://cdn.example.org, without a path.', 'paradarum-cdn-purge')]);
        }
        if ($key === '' && $base === $settings->base()) {
            $key = (string) $settings->key();
        }
        $endpoint = $key === '' || $property === 0 ? null : new Endpoint($base, $property, $key, new SiteTransport());
        [$ok, $words] = Words::ofTest($endpoint, $settings);
        wp_send_json(['ok' => $ok, 'words' => $words]);
    }

    public function show(): void
    {
        $settings = $this->plugin->settings();
        $saved = get_transient(self::RESULT . get_current_user_id());
        delete_transient(self::RESULT . get_current_user_id());
        $problems = is_array($saved) ? $saved['problems'] : [];
        $typed = is_array($saved) ? $saved['input'] : [];
        $queue = $this->plugin->queue();
        $history = $queue->latest(15);
        $trouble = $queue->trouble();
        require dirname(PARADARUM_CDN_FILE) . '/views/settings.php';
    }
}
