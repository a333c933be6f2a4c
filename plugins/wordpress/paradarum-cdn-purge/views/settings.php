<?php

/**
 * The settings page.
 *
 * @var Paradarum\CdnPurge\Settings $settings
 * @var mixed $saved
 * @var string[] $problems
 * @var array<string, mixed> $typed What was sent and not saved.
 * @var array[] $history
 * @var array{waiting: int, failing: int, since: int, reason: string} $trouble
 */

use Paradarum\CdnPurge\Words;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Plan;

defined('ABSPATH') || exit;

$base = $typed['base'] ?? $settings->base();
$property = $typed['property'] ?? ($settings->property() ?: '');
$strategy = $typed['strategy'] ?? $settings->strategy();
$threshold = $typed['threshold'] ?? $settings->threshold();
$auto = $typed ? !empty($typed['auto']) : $settings->isAutomatic();
$kinds = $typed ? (array) ($typed['kinds'] ?? []) : $settings->kinds();
?>
<div class="wrap paradarum">
    <h1>Paradarum CDN</h1>

    <?php if ($problems) : ?>
        <div class="notice notice-error">
            <p><strong><?php esc_html_e('Nothing was saved.', 'paradarum-cdn-purge'); ?></strong></p>
            <?php foreach ($problems as $problem) : ?>
                <p><?php echo esc_html($problem); ?></p>
            <?php endforeach; ?>
        </div>
    <?php elseif (is_array($saved)) : ?>
        <div class="notice notice-success is-dismissible"><p><?php esc_html_e('Settings saved.', 'paradarum-cdn-purge'); ?></p></div>
    <?php endif; ?>

    <form method="post" action="<?php echo esc_url(admin_url('admin-post.php')); ?>" id="paradarum-form">
        <input type="hidden" name="action" value="paradarum_save">
        <?php wp_nonce_field('paradarum_save'); ?>

        <h2><?php esc_html_e('Connection', 'paradarum-cdn-purge'); ?></h2>
        <table class="form-table" role="presentation">
            <tr>
                <th scope="row"><label for="paradarum-base"><?php esc_html_e('API address', 'paradarum-cdn-purge'); ?></label></th>
                <td>
                    <input type="url" class="regular-text code" id="paradarum-base" name="base" required
                        value="<?php echo esc_attr($base); ?>">
                    <?php if (Endpoint::isExposed((string) $base)) : ?>
                        <p class="description paradarum-warning">
                            <?php esc_html_e('Over http:// the key crosses the network readable by others. Use https://.', 'paradarum-cdn-purge'); ?>
                        </p>
                    <?php else : ?>
                        <p class="description"><?php esc_html_e('Where the CDN takes purges, such as https://cdn.example.org.', 'paradarum-cdn-purge'); ?></p>
                    <?php endif; ?>
                </td>
            </tr>
            <tr>
                <th scope="row"><label for="paradarum-property"><?php esc_html_e('Property id', 'paradarum-cdn-purge'); ?></label></th>
                <td>
                    <input type="number" min="1" class="small-text" id="paradarum-property" name="property"
                        value="<?php echo esc_attr((string) $property); ?>">
                </td>
            </tr>
            <tr>
                <th scope="row"><label for="paradarum-key"><?php esc_html_e('API key', 'paradarum-cdn-purge'); ?></label></th>
                <td>
                    <input type="password" class="regular-text code" id="paradarum-key" name="key" value="" autocomplete="off" spellcheck="false"
                        placeholder="<?php echo esc_attr($settings->keyPrefix() === '' ? 'pdm_...' : $settings->keyPrefix() . str_repeat('•', 24)); ?>">
                    <?php if ($settings->keyPrefix() !== '') : ?>
                        <p class="description">
                            <?php
                            /* translators: %s: first characters of the key */
                            printf(esc_html__('Saved: %s. Leave the field empty to keep it.', 'paradarum-cdn-purge'), '<code>' . esc_html($settings->keyPrefix()) . '...</code>');
                            ?>
                        </p>
                        <label><input type="checkbox" name="forget_key" value="1">
                            <?php esc_html_e('Forget the saved key', 'paradarum-cdn-purge'); ?></label>
                    <?php else : ?>
                        <p class="description">
                            <?php esc_html_e('A key with the scope "purge" for this property is enough. It is stored encrypted and never shown again.', 'paradarum-cdn-purge'); ?>
                        </p>
                    <?php endif; ?>
                </td>
            </tr>
            <tr>
                <th scope="row"></th>
                <td>
                    <button type="button" class="button" id="paradarum-test" data-nonce="<?php echo esc_attr(wp_create_nonce('paradarum_test')); ?>">
                        <?php esc_html_e('Test connection', 'paradarum-cdn-purge'); ?>
                    </button>
                    <p id="paradarum-test-result" role="status" aria-live="polite"></p>
                </td>
            </tr>
        </table>

        <h2><?php esc_html_e('Purging', 'paradarum-cdn-purge'); ?></h2>
        <table class="form-table" role="presentation">
            <tr>
                <th scope="row"><?php esc_html_e('Automatic', 'paradarum-cdn-purge'); ?></th>
                <td>
                    <label><input type="checkbox" name="auto" value="1" <?php checked($auto); ?>>
                        <?php esc_html_e('Purge by itself whenever something changes', 'paradarum-cdn-purge'); ?></label>
                </td>
            </tr>
            <tr>
                <th scope="row"><?php esc_html_e('Strategy', 'paradarum-cdn-purge'); ?></th>
                <td>
                    <fieldset>
                        <?php foreach (Words::strategies() as $value => $words) : ?>
                            <label><input type="radio" name="strategy" value="<?php echo esc_attr($value); ?>" <?php checked($strategy, $value); ?>>
                                <?php echo esc_html($words); ?></label><br>
                        <?php endforeach; ?>
                    </fieldset>
                </td>
            </tr>
            <tr>
                <th scope="row"><label for="paradarum-threshold"><?php esc_html_e('Threshold', 'paradarum-cdn-purge'); ?></label></th>
                <td>
                    <input type="number" class="small-text" id="paradarum-threshold" name="threshold" min="1"
                        max="<?php echo esc_attr((string) Plan::HIGHEST_THRESHOLD); ?>" value="<?php echo esc_attr((string) $threshold); ?>">
                    <p class="description"><?php esc_html_e('A change that would need more items than this purges everything instead.', 'paradarum-cdn-purge'); ?></p>
                </td>
            </tr>
            <tr>
                <th scope="row"><?php esc_html_e('Purge with an item', 'paradarum-cdn-purge'); ?></th>
                <td>
                    <fieldset class="paradarum-kinds">
                        <?php foreach (Words::kinds() as $value => $words) : ?>
                            <label><input type="checkbox" name="kinds[]" value="<?php echo esc_attr($value); ?>"
                                <?php checked(in_array($value, $kinds, true)); ?>>
                                <?php echo esc_html($words); ?></label>
                        <?php endforeach; ?>
                    </fieldset>
                    <p class="description"><?php esc_html_e('The item itself is always purged. Menus, widgets and themes always purge everything.', 'paradarum-cdn-purge'); ?></p>
                </td>
            </tr>
        </table>
        <?php submit_button(); ?>
    </form>

    <h2><?php esc_html_e('Last purges', 'paradarum-cdn-purge'); ?></h2>
    <?php if ($trouble['failing'] > 0) : ?>
        <form method="post" action="<?php echo esc_url(admin_url('admin-post.php')); ?>">
            <input type="hidden" name="action" value="paradarum_retry">
            <?php wp_nonce_field('paradarum_retry'); ?>
            <p>
                <?php
                /* translators: %d: number of purges */
                printf(esc_html(_n('%d purge waits to be tried again.', '%d purges wait to be tried again.', $trouble['failing'], 'paradarum-cdn-purge')), (int) $trouble['failing']);
                ?>
                <button class="button button-small"><?php esc_html_e('Try now', 'paradarum-cdn-purge'); ?></button>
            </p>
        </form>
    <?php endif; ?>
    <?php if (!$history) : ?>
        <p><?php esc_html_e('None yet. Change something, and its purge is listed here.', 'paradarum-cdn-purge'); ?></p>
    <?php else : ?>
        <table class="widefat striped paradarum-history">
            <thead>
                <tr>
                    <th scope="col"><?php esc_html_e('When', 'paradarum-cdn-purge'); ?></th>
                    <th scope="col"><?php esc_html_e('What', 'paradarum-cdn-purge'); ?></th>
                    <th scope="col"><?php esc_html_e('State', 'paradarum-cdn-purge'); ?></th>
                    <th scope="col"><?php esc_html_e('Remark', 'paradarum-cdn-purge'); ?></th>
                </tr>
            </thead>
            <tbody>
                <?php foreach ($history as $row) : ?>
                    <tr>
                        <td><?php echo esc_html(Words::ofTime((int) $row['made_at'])); ?></td>
                        <td>
                            <details>
                                <summary><?php echo esc_html(Words::ofContent($row)); ?></summary>
                                <ul>
                                    <?php foreach (array_slice((array) (json_decode((string) $row['body'], true)['items'] ?? []), 0, 50) as $item) : ?>
                                        <li><code><?php echo esc_html(($item['value'] ?? $item['type']) . (isset($item['matchType']) ? '*' : '')); ?></code></li>
                                    <?php endforeach; ?>
                                </ul>
                            </details>
                        </td>
                        <td><?php echo esc_html(Words::ofState($row)); ?></td>
                        <td class="paradarum-remark"><?php echo nl2br(esc_html((string) $row['reason'])); ?></td>
                    </tr>
                <?php endforeach; ?>
            </tbody>
        </table>
    <?php endif; ?>
</div>
