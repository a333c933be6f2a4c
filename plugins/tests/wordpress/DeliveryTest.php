<?php

use Paradarum\CdnPurge\Admin\AdminBar;
use Paradarum\CdnPurge\Admin\Notices;
use Paradarum\CdnPurge\Admin\PostBox;
use Paradarum\CdnPurge\Admin\SettingsPage;
use Paradarum\CdnPurge\Dispatcher;
use Paradarum\CdnPurge\Plugin;

require_once __DIR__ . '/SiteTestCase.php';

/** What happens to a purge on its way, and who may start one. */
final class DeliveryTest extends SiteTestCase
{
    public function testEverythingThatOneRequestTouchesIsOneBatch(): void
    {
        $this->post(['post_name' => 'one']);
        $this->post(['post_name' => 'two']);
        $this->post(['post_name' => 'two']);
        $sent = $this->sent();
        self::assertContainsAll(['/one/', '/two/', '/two-2/'], $sent);
        self::assertSame($sent, array_unique($sent));
        self::assertSame([], $this->sent(), 'and not again');
    }

    public function testWhatIsNotDeliveredIsScheduledAndDeliveredWhenTheApiIsBack(): void
    {
        $this->answer = new WP_Error('http', 'Connection refused');
        // Its time has come later than this process waits.
        $this->post();
        $first = $this->sentBytes();
        $queue = Plugin::instance()->queue();
        self::assertStringContainsString('Connection refused', $queue->trouble()['reason']);
        self::assertSame($queue->nextDue(), wp_next_scheduled(Dispatcher::EVENT));

        $this->answer = $this->says(200, ['message' => 'Purge request accepted.', 'data' => []], ['Location' => '/api/property/7/purge/AB']);
        $queue->hurry();
        do_action(Dispatcher::EVENT);
        self::assertSame($first, $this->sentBytes());
        self::assertSame(['sent', '/api/property/7/purge/AB'], [$queue->latest(1)[0]['state'], $queue->latest(1)[0]['receipt']]);
        self::assertSame(0, $queue->trouble()['waiting']);
    }

    public function testItemsThatWereRefusedAreShownToTheAdministratorUntilSeen(): void
    {
        $this->answer = $this->says(200, ['message' => 'Accepted.', 'data' => ['rejected' => [['index' => 0, 'reason' => '<b>Too long</b>']]]]);
        $this->post();
        $this->sent();
        self::assertStringContainsString('&lt;b&gt;Too long', $this->notices());
        wp_set_current_user(0);
        self::assertStringNotContainsString('Too long', $this->notices());
        wp_set_current_user(1);
        update_option(Notices::SEEN_OPTION, (int) Plugin::instance()->queue()->latest(1)[0]['id']);
        self::assertStringNotContainsString('Too long', $this->notices());
    }

    public function testWithAutomaticPurgingOffOnlyWhatIsAskedForIsSent(): void
    {
        $this->configure(['auto' => '', 'key' => '']);
        $id = $this->post();
        self::assertSame([], $this->sent());
        Plugin::instance()->recorder()->asked();
        Plugin::instance()->recorder()->takePost(get_post($id));
        self::assertContainsAll(['/a-post/'], $this->sent());
    }

    public function testBeforeItIsSetUpNothingIsKept(): void
    {
        $this->configure(['key' => '', 'forget_key' => '1']);
        $this->post();
        self::assertSame([], $this->sent());
        self::assertSame(0, Plugin::instance()->queue()->trouble()['waiting']);
    }

    /** @dataProvider doors */
    public function testWithoutNonceOrRightNothingIsDone(callable $action, string $nonce): void
    {
        $post = $this->oldPost();
        $_GET['post'] = $_POST['post'] = (string) $post;
        $_REQUEST['_wpnonce'] = 'wrong';
        self::assertTrue($this->dies($action), 'without its nonce');
        wp_set_current_user(0);
        $_REQUEST['_wpnonce'] = $_REQUEST['_ajax_nonce'] = wp_create_nonce(str_replace('POST', (string) $post, $nonce));
        self::assertTrue($this->dies($action), 'without the right');
        self::assertSame([], $this->sent());
    }

    public static function doors(): array
    {
        return [
            'save' => [static fn() => (new SettingsPage(Plugin::instance()))->save(), 'paradarum_save'],
            'retry' => [static fn() => (new SettingsPage(Plugin::instance()))->retry(), 'paradarum_retry'],
            'test' => [static fn() => (new SettingsPage(Plugin::instance()))->test(), 'paradarum_test'],
            'purge' => [static fn() => (new AdminBar(Plugin::instance()))->purge(), 'paradarum_purge_POST'],
            'receipt' => [static fn() => (new PostBox(Plugin::instance()))->receipt(), 'paradarum_receipt'],
            'seen' => [static fn() => (new Notices(Plugin::instance()))->seen(), 'paradarum_seen'],
        ];
    }

    public function testTheBoxOfAPostTellsItsLastPurge(): void
    {
        $id = $this->post();
        self::assertStringContainsString('Not purged yet.', $this->box($id));
        $this->sent();
        self::assertStringContainsString('Last purge: Accepted', $this->box($id));
        self::assertStringNotContainsString('paradarum-receipt', $this->box($id), 'the answer brought no Location');
        $this->answer = $this->says(200, ['message' => 'Accepted.', 'data' => []], ['Location' => '/api/property/7/purge/AB']);
        wp_update_post(['ID' => $id, 'post_title' => 'Other']);
        $this->sent();
        self::assertStringContainsString('paradarum-receipt', $this->box($id));
    }

    private function sentBytes(): array
    {
        if ($this->calls === []) {
            Plugin::instance()->recorder()->flush();
        }
        $last = end($this->calls);
        $this->calls = [];
        return [$last['body'], $last['headers']['Idempotency-Key']];
    }

    private function notices(): string
    {
        ob_start();
        do_action('admin_notices');
        return (string) ob_get_clean();
    }

    private function box(int $id): string
    {
        ob_start();
        (new PostBox(Plugin::instance()))->show(get_post($id));
        return (string) ob_get_clean();
    }

    private function dies(callable $action): bool
    {
        $die = static fn(): Closure => static function (): void {
            throw new RuntimeException('died');
        };
        add_filter('wp_die_handler', $die);
        try {
            $action();
        } catch (RuntimeException $died) {
            return $died->getMessage() === 'died';
        } finally {
            remove_filter('wp_die_handler', $die);
        }
        return false;
    }
}
