<?php

use Paradarum\CdnModule\ConfigurePage;
use Paradarum\CdnModule\Dispatcher;
use Paradarum\CdnModule\Recorder;
use Paradarum\CdnModule\Settings;
use Paradarum\CdnModule\ShopDatabase;
use Paradarum\CdnModule\Words;
use Paradarum\Purge\Courier;
use Paradarum\Purge\Queue;
use PHPUnit\Framework\TestCase;

/** Against the stand-in; see its first lines. */
final class ModuleTest extends TestCase
{
    private const KEY = 'pdm_abcdefghijklmnopqrstuvwx!@#$';

    private ParadarumCdn $module;

    protected function setUp(): void
    {
        World::reset();
        foreach ([1, 2] as $shop) {
            ShopDatabase::drop($shop);
        }
        $this->module = new ParadarumCdn();
        self::assertTrue($this->module->install());
        // Nothing listens there: every batch stays in the queue, where the tests read it.
        self::assertSame([], $this->configure());
    }

    public function testItAsksForTheFifteenHooksStockAndSpecialPricesAndAnswersEach(): void
    {
        $named = [];
        foreach (['Product', 'Category', 'Cms', 'Manufacturer', 'Supplier'] as $object) {
            foreach (['Add', 'Update', 'Delete'] as $change) {
                $named[] = "actionObject$object{$change}After";
            }
        }
        self::assertCount(15, $named);
        self::assertSame([], array_diff(array_merge($named, ['actionUpdateQuantity', 'actionObjectSpecificPriceUpdateAfter']), World::$hooks));
    }

    public function testAProductIsPurgedInEachLanguageWithEverythingThatShowsIt(): void
    {
        $this->module->hookActionObjectProductUpdateAfter(['object' => new Product(7)]);
        $shelves = [];
        foreach (['en', 'es'] as $language) {
            foreach (['', 'best-sales', 'manufacturer', 'new-products', 'prices-drop', 'seats/7-chair.html', 'supplier', '3-furniture*', '4-seats*', 'brand/1-maker*', 'supplier/2-dealer*'] as $page) {
                $shelves[] = "/$language/$page";
            }
        }
        self::assertEqualsCanonicalizing($shelves, $this->purged());
    }

    public function testAVariantsAddressIsPurgedByTheNumberOfItsProduct(): void
    {
        World::$products[7]['variants'] = [31, 32];
        $this->module->hookActionUpdateQuantity(['id_product' => 7, 'id_product_attribute' => 31, 'quantity' => 4]);
        self::assertContains('/en/seats/7-*', $this->purged());
        $this->configure(['strategy' => 'surgical', 'key' => '', 'threshold' => '100']);
        $this->module->hookActionUpdateQuantity(['id_product' => 7]);
        self::assertContains('/en/seats/7-32-chair.html', $this->purged());
    }

    public function testAnotherNameAndCategoryPurgeTheOldAndTheNewAddress(): void
    {
        $this->configure(['threshold' => '100', 'key' => '']);
        $this->module->hookActionObjectProductUpdateBefore(['object' => new Product(7)]);
        World::$categories[6] = ['name' => 'tables', 'id_parent' => 3, 'is_root_category' => false];
        World::$products[7] = ['name' => 'stool', 'id_category_default' => 6, 'categories' => [6]] + World::$products[7];
        $this->module->hookActionObjectProductUpdateAfter(['object' => new Product(7)]);
        $purged = $this->purged();
        foreach (['/en/seats/7-chair.html', '/en/tables/7-stool.html', '/en/4-seats*', '/en/6-tables*', '/es/seats/7-chair.html'] as $path) {
            self::assertContains($path, $purged);
        }
    }

    public function testADeletedProductIsPurgedUnderTheAddressItHad(): void
    {
        $product = new Product(7);
        $this->module->hookActionObjectProductDeleteBefore(['object' => $product]);
        unset(World::$products[7]);
        $this->module->hookActionObjectProductDeleteAfter(['object' => $product]);
        self::assertContains('/es/seats/7-chair.html', $this->purged());
    }

    /** @dataProvider others */
    public function testTheOtherThingsOfAShopArePurgedToo(string $hook, $object, array $paths): void
    {
        World::reset();
        $this->configure();
        $this->module->$hook(['object' => $object]);
        $purged = $this->purged();
        foreach ($paths as $path) {
            self::assertContains($path, $purged);
        }
    }

    public static function others(): array
    {
        World::reset();
        return [
            ['hookActionObjectCategoryUpdateAfter', new Category(4), ['/en/4-seats*', '/en/3-furniture*', '/en/']],
            ['hookActionObjectCmsUpdateAfter', new CMS(5), ['/en/content/5-delivery', '/es/content/5-delivery', '/en/content/category/1-pages*']],
            ['hookActionObjectManufacturerUpdateAfter', new Manufacturer(1), ['/en/brand/1-maker*', '/en/manufacturer']],
            ['hookActionObjectSupplierUpdateAfter', new Supplier(2), ['/en/supplier/2-dealer*']],
        ];
    }

    public function testASpecialPricePurgesItsProductAndOneForAllProductsEverything(): void
    {
        $this->module->hookActionObjectSpecificPriceAddAfter(['object' => (object) ['id_product' => 7]]);
        self::assertContains('/en/prices-drop', $this->purged());
        $this->module->hookActionObjectSpecificPriceDeleteAfter(['object' => (object) ['id_product' => 0]]);
        self::assertSame(['ALL'], $this->purged());
    }

    public function testEachShopSendsToItsOwnPropertyWithItsOwnLanguages(): void
    {
        World::$shops = [1 => [1], 2 => [3]];
        (new Settings(2))->save($this->input(['property' => '9']));
        $this->module->hookActionUpdateQuantity(['id_product' => 7]);
        $this->module->recorder()->flush();
        self::assertContains('/en/seats/7-chair.html', $this->values(1));
        self::assertContains('/de/seats/7-chair.html', $this->values(2));
        self::assertSame([7, 9], [(new Settings(1))->property(), (new Settings(2))->property()]);
    }

    public function testAnImportOfManyProductsIsOneAll(): void
    {
        for ($id = 100; $id < 300; $id++) {
            World::$products[$id] = ['name' => "p$id"] + World::$products[7];
            $this->module->hookActionObjectProductAddAfter(['object' => new Product($id)]);
        }
        self::assertSame(['ALL'], $this->purged());
    }

    public function testTheKeyLiesEncryptedAndIsShownByItsPrefixOnly(): void
    {
        self::assertSame(self::KEY, (new Settings())->key());
        self::assertStringNotContainsString('efghijkl', implode(' ', World::$configuration));
        $html = (new ConfigurePage($this->module, new Context()))->show();
        self::assertStringContainsString('pdm_abcd', $html);
        self::assertStringNotContainsString(substr(self::KEY, 0, 9), $html);
    }

    public function testTheFormSavesRefusesAndEscapes(): void
    {
        World::$post = ['submitParadarumSave' => '1'] + $this->input(['threshold' => '0']) + ['kinds_home' => '1'];
        self::assertStringContainsString('<error>The threshold is a whole number', (new ConfigurePage($this->module, new Context()))->show());
        World::$post['threshold'] = '12';
        self::assertStringContainsString('<well>Settings saved.', (new ConfigurePage($this->module, new Context()))->show());
        self::assertSame([12, ['item', 'home']], [(new Settings())->threshold(), (new Settings())->wanted()]);
        World::$post['base'] = 'https://elsewhere.test';
        World::$post['key'] = '';
        self::assertStringContainsString('needs the API key again', (new ConfigurePage($this->module, new Context()))->show());
    }

    /** @dataProvider connections */
    public function testTheConnectionTestSaysInWordsWhatIsWrong(int $status, bool $ok, string $words): void
    {
        $api = new ScriptedApi(ScriptedApi::says($status, '<b>x</b>'));
        [$well, $said] = (new Words($this->module))->ofTest(Dispatcher::endpoint(new Settings(), $api));
        self::assertSame($ok, $well);
        self::assertStringContainsString($words, $said);
        self::assertStringNotContainsString('<b>', $said);
        self::assertSame('', $api->calls[0]['body']);
    }

    public static function connections(): array
    {
        return [
            [400, true, 'Nothing was purged'], [401, false, 'does not know this key'], [403, false, 'disabled or suspended'],
            [404, false, 'no property with this id'], [429, false, 'too often'], [502, false, 'does not expect'],
        ];
    }

    public function testWhatCouldNotBeDeliveredWaitsInTheShopsDatabaseAndIsSentWithTheSameBytes(): void
    {
        $this->module->hookActionUpdateQuantity(['id_product' => 7]);
        $this->module->recorder()->flush();
        $queue = new Queue(new ShopDatabase(1), 'time');
        [$row] = $queue->latest(1);
        self::assertSame(['waiting', 1], [$row['state'], (int) $row['attempts']]);
        self::assertStringContainsString('No answer', $row['reason']);
        self::assertStringContainsString('No answer', (new ConfigurePage($this->module, new Context()))->show());

        $queue->hurry();
        $api = new ScriptedApi(ScriptedApi::says(200, 'Accepted.', [], ['location' => '/api/property/7/purge/A']));
        (new Courier($queue, Dispatcher::endpoint(new Settings(1), $api), 'time'))->deliver(20);
        self::assertSame([$row['body'], $row['batch_key']], [$api->calls[0]['body'], $api->calls[0]['headers']['Idempotency-Key']]);
        self::assertSame('sent', $queue->latest(1)[0]['state']);
    }

    public function testWithAutomaticPurgingOffNothingIsKept(): void
    {
        $this->configure(['auto' => '', 'key' => '']);
        $this->module->hookActionUpdateQuantity(['id_product' => 7]);
        self::assertSame([], $this->purged());
    }

    public function testUninstallingLeavesNothing(): void
    {
        $this->module->hookActionUpdateQuantity(['id_product' => 7]);
        $this->module->recorder()->flush();
        self::assertTrue($this->module->uninstall());
        self::assertSame([], World::$configuration);
        self::assertSame([], Db::getInstance()->executeS("SELECT name FROM sqlite_master WHERE name LIKE '%paradarum%'"));
    }

    public function testEveryTextOfTheScreenIsTranslatedToSpanish(): void
    {
        global $_MODULE;
        require __DIR__ . '/../../prestashop/paradarumcdn/translations/es.php';
        foreach (['paradarumcdn.php' => 'paradarumcdn', 'src/Words.php' => 'words'] as $file => $name) {
            preg_match_all("/->l\('((?:[^'\\\\\\\\]|\\\\\\\\.)*)'/", file_get_contents(__DIR__ . "/../../prestashop/paradarumcdn/$file"), $texts);
            self::assertNotEmpty($texts[1]);
            foreach ($texts[1] as $text) {
                self::assertArrayHasKey("<{paradarumcdn}prestashop>{$name}_" . md5($text), $_MODULE, $text);
            }
        }
    }

    private function configure(array $changes = []): array
    {
        return (new Settings())->save($this->input($changes));
    }

    private function input(array $changes = []): array
    {
        return $changes + [
            'base' => 'http://127.0.0.1:9', 'property' => '7', 'key' => self::KEY, 'auto' => '1', 'strategy' => 'hybrid', 'threshold' => '30', 'kinds' => Settings::kinds(),
        ];
    }

    private function purged(): array
    {
        $this->module->recorder()->flush();
        $values = $this->values(1);
        Db::getInstance()->execute('DELETE FROM ' . (new ShopDatabase(1))->table());
        return $values;
    }

    private function values(int $shop): array
    {
        $rows = (new Queue(new ShopDatabase($shop), 'time'))->latest(5);
        self::assertLessThanOrEqual(1, count($rows), 'one request, one batch');
        return $rows === [] ? [] : array_map(
            static fn(array $item): string => $item['type'] === 'All' ? 'ALL' : $item['value'] . (isset($item['matchType']) ? '*' : ''),
            json_decode($rows[0]['body'], true)['items']
        );
    }
}
