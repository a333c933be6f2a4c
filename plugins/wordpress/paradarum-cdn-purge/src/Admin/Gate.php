<?php

namespace Paradarum\CdnPurge\Admin;

defined('ABSPATH') || exit;

/** Who may do what: every action passes here with its nonce. */
final class Gate
{
    public const SETTINGS = 'manage_options';

    /** Ends the request unless this user may do this and sent it from our own page. */
    public static function pass(string $action, string $capability = self::SETTINGS, int $object = 0): void
    {
        $may = $object > 0 ? current_user_can($capability, $object) : current_user_can($capability);
        if (!$may) {
            wp_die(esc_html__('You are not allowed to do this.', 'paradarum-cdn-purge'), '', ['response' => 403]);
        }
        wp_doing_ajax() ? check_ajax_referer($action) : check_admin_referer($action);
    }
}
