<?php

namespace Paradarum\CdnPurge\Admin;

use Paradarum\CdnPurge\Plugin;
use Paradarum\CdnPurge\Words;

defined('ABSPATH') || exit;

/** What an administrator should know: purges that can't be delivered, items that were refused, a key that can't be read. */
final class Notices
{
    public const SEEN_OPTION = 'paradarum_cdn_seen';
    private const SAID = 'paradarum_cdn_said_';

    private Plugin $plugin;

    public function __construct(Plugin $plugin)
    {
        $this->plugin = $plugin;
    }

    public function start(): void
    {
        add_action('admin_notices', [$this, 'show']);
        add_action('admin_post_paradarum_seen', [$this, 'seen']);
    }

    /** Something to be said to a user on their next page. */
    public static function say(int $user, string $what): void
    {
        set_transient(self::SAID . $user, $what, MINUTE_IN_SECONDS);
    }

    public function show(): void
    {
        if (get_transient(self::SAID . get_current_user_id()) === 'purged') {
            delete_transient(self::SAID . get_current_user_id());
            $this->print('success', esc_html__('The purge is on its way.', 'paradarum-cdn-purge'));
        }
        $settings = $this->plugin->settings();
        if (!current_user_can(Gate::SETTINGS) || !$settings->isConfigured()) {
            return;
        }
        $link = ' <a href="' . esc_url(SettingsPage::url()) . '">' . esc_html__('Paradarum CDN settings', 'paradarum-cdn-purge') . '</a>';
        if ($settings->isKeyLost()) {
            $this->print('error', esc_html__('The API key of the CDN cannot be read any more, because the salts in wp-config.php have changed. Purges wait until you enter it again.', 'paradarum-cdn-purge') . $link);
        }
        $trouble = $this->plugin->queue()->trouble();
        if ($trouble['failing'] > 0) {
            $count = $trouble['failing'];
            /* translators: 1: number of purges, 2: time span, 3: reason */
            $words = _n('%1$d purge could not be delivered to the CDN since %2$s and will be tried again: %3$s', '%1$d purges could not be delivered to the CDN since %2$s and will be tried again: %3$s', $count, 'paradarum-cdn-purge');
            $this->print('warning', esc_html(sprintf($words, $count, human_time_diff($trouble['since']), $trouble['reason'])) . $link);
        }
        $refused = $this->plugin->queue()->refusedAfter((int) get_option(self::SEEN_OPTION, 0));
        if ($refused !== null) {
            $this->printRefused($refused);
        }
    }

    public function seen(): void
    {
        Gate::pass('paradarum_seen');
        update_option(self::SEEN_OPTION, absint($_GET['purge'] ?? 0), false);
        wp_safe_redirect(wp_get_referer() ?: admin_url());
        exit;
    }

    /** @param array<string, mixed> $row */
    private function printRefused(array $row): void
    {
        $count = (int) $row['rejected'];
        $seen = wp_nonce_url(admin_url('admin-post.php?action=paradarum_seen&purge=' . (int) $row['id']), 'paradarum_seen');
        /* translators: 1: number of items, 2: a time, such as "5 minutes ago" */
        $words = _n('The CDN refused %1$d item of a purge %2$s:', 'The CDN refused %1$d items of a purge %2$s:', $count, 'paradarum-cdn-purge');
        $this->print(
            'warning',
            esc_html(sprintf($words, $count, Words::ofTime((int) $row['done_at'])))
            . '<br>' . nl2br(esc_html((string) $row['reason']))
            . '<br><a href="' . esc_url($seen) . '">' . esc_html__('I have seen this', 'paradarum-cdn-purge') . '</a>'
        );
    }

    /** @param string $html Escaped. */
    private function print(string $kind, string $html): void
    {
        printf('<div class="notice notice-%s"><p>%s</p></div>', esc_attr($kind), wp_kses_post($html));
    }
}
