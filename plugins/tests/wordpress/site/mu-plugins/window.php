<?php

/**
 * Plugin Name: Window
 * Description: Lets tests look at the queue, and does what has no form of its own in WordPress. Tests only.
 */

// The queue, newest first.
add_action('init', static function (): void {
    if (isset($_GET['test_queue'])) {
        wp_send_json(Paradarum\CdnPurge\Plugin::instance()->queue()->latest(20));
    }
});

// What plugins that replace files do: another file under the same name, its sizes made again.
add_action('rest_api_init', static function (): void {
    register_rest_route('test/v1', '/replace/(?P<id>\d+)', [
        'methods' => 'POST',
        'permission_callback' => static fn(): bool => current_user_can('upload_files'),
        'callback' => static function (WP_REST_Request $request): array {
            require_once ABSPATH . 'wp-admin/includes/image.php';
            $id = (int) $request['id'];
            $file = get_attached_file($id);
            $image = imagecreatetruecolor(400, 300);
            imagefill($image, 0, 0, imagecolorallocate($image, 200, 30, 30));
            imagejpeg($image, $file);
            wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $file));
            return ['replaced' => $id];
        },
    ]);
});

// Another plugin that asks for something no API takes, from when it is told to.
add_action('admin_post_test_bad_item', static function (): void {
    update_option('test_bad_item', 1);
    exit('<html></html>');
});
add_filter('paradarum_cdn_items', static function (array $items): array {
    if (get_option('test_bad_item')) {
        $items[] = ['type' => 'Extension', 'value' => 'a/b'];
    }
    return $items;
});
