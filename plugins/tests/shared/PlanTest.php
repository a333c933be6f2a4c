<?php

use Paradarum\Purge\Batch;
use Paradarum\Purge\Plan;
use Paradarum\Purge\Routes;
use PHPUnit\Framework\TestCase;

final class PlanTest extends TestCase
{
    public function testHybridPurgesItemsExactlyAndArchivesByTheirBeginning(): void
    {
        $routes = (new Routes())->exact('item', 'https://site.test/hello/')->listing('archives', 'https://site.test/category/news/', 7);
        self::assertSame([
            ['type' => 'Path', 'value' => '/hello/'],
            ['type' => 'Regex', 'value' => '/category/news/', 'matchType' => 'starts_with'],
        ], (new Plan('hybrid', 30))->items($routes));
    }

    public function testAnArchiveUnderWhichOtherThingsLieIsPurgedWithItsPagesAlone(): void
    {
        $routes = (new Routes())->listing('dates', '/2026/', 1, true);
        self::assertSame(['/2026/', '/2026/page/'], $this->values((new Plan('hybrid', 30))->items($routes)));
    }

    public function testSurgicalNamesEachPageOfAnArchiveAndEachMemberOfAFamily(): void
    {
        $routes = (new Routes())->listing('archives', '/tag/red/', 3)->family('sitemaps', '/wp-sitemap', ['/wp-sitemap.xml', '/wp-sitemap-posts-post-1.xml']);
        $items = (new Plan('surgical', 30))->items($routes);
        self::assertSame(
            ['/tag/red/', '/tag/red/page/2/', '/tag/red/page/3/', '/wp-sitemap-posts-post-1.xml', '/wp-sitemap.xml'],
            $this->values($items)
        );
        self::assertSame(['Path'], array_values(array_unique(array_column($items, 'type'))));
    }

    public function testWithoutReadableAddressesPagesAreAParameter(): void
    {
        $routes = (new Routes())->listing('archives', '/?cat=3', 2);
        self::assertSame(['/?cat=3', '/?cat=3&paged=2'], $this->values((new Plan('surgical', 30))->items($routes)));
    }

    public function testBroadIsOneAll(): void
    {
        self::assertSame([['type' => 'All']], (new Plan('broad', 30))->items((new Routes())->exact('item', '/a')));
    }

    public function testWhatABeginningCoversIsNotNamedAgain(): void
    {
        $routes = (new Routes())->exact('item', '/news/one/')->exact('item', '/new')->listing('archives', '/news/')->listing('archives', '/news/sub/');
        self::assertSame(['/new', '/news/'], $this->values((new Plan('hybrid', 30))->items($routes)));
    }

    /** @dataProvider sizes */
    public function testAboveTheThresholdTheSetBecomesOneAll(string $strategy, int $paths, bool $all): void
    {
        $routes = new Routes();
        for ($n = 0; $n < $paths; $n++) {
            $routes->exact('item', "/p$n/");
        }
        $items = (new Plan($strategy, 30))->items($routes);
        self::assertSame($all, $items === [['type' => 'All']]);
        self::assertCount($all ? 1 : $paths, $items);
    }

    public static function sizes(): array
    {
        return [['hybrid', 30, false], ['hybrid', 31, true], ['surgical', 30, false], ['surgical', 31, true], ['broad', 1, true]];
    }

    public function testOneArchiveOfVeryManyPagesIsAboveTheThresholdToo(): void
    {
        self::assertSame([['type' => 'All']], (new Plan('surgical', 30))->items((new Routes())->listing('archives', '/a/', 1000000)));
    }

    public function testNothingCollectedPurgesNothing(): void
    {
        foreach (Plan::strategies() as $strategy) {
            self::assertSame([], (new Plan($strategy, 30))->items(new Routes()));
        }
    }

    public function testARouteOfAKindThatIsSwitchedOffIsLeftOut(): void
    {
        $routes = (new Routes(['item']))->exact('item', '/a/')->exact('feeds', '/a/feed/')->listing('author', '/author/x/')->family('sitemaps', '/wp-', []);
        self::assertSame(['/a/'], $this->values((new Plan('hybrid', 30))->items($routes)));
    }

    /** @dataProvider addresses */
    public function testAnAddressBecomesWhatANodeKeepsItUnder($url, ?string $path): void
    {
        self::assertSame($path, Routes::pathOf($url));
    }

    public static function addresses(): array
    {
        return [
            ['https://site.test', '/'], ['https://site.test/', '/'], ['https://site.test/?p=1', '/?p=1'], ['/a b', '/a b'],
            ['https://site.test/a/#comments', '/a/'], ['https://site.test/%e4%b8%ad/', '/%e4%b8%ad/'], ['//site.test/x', '/x'],
            ['https://site.test?p=1', '/?p=1'], ['', null], [false, null], [null, null], ['mailto:a@b.test', null], ['about', null],
            ['javascript:alert(1)', null], ['ftp://site.test/a', null], ['/' . str_repeat('a', 2048), null], ['/' . str_repeat('a', 2047), '/' . str_repeat('a', 2047)],
        ];
    }

    public function testRoutesOfTwoPartsOfARequestAreKeptOnce(): void
    {
        $one = (new Routes())->exact('item', '/a/')->listing('archives', '/c/', 2)->subject('post:1');
        $two = (new Routes())->exact('item', '/a/')->listing('archives', '/c/', 5)->subject('post:2');
        $one->add($two);
        self::assertSame(['/a/'], $one->paths());
        self::assertSame(['/c/' => [5, false]], $one->listings());
        self::assertSame(['post:1', 'post:2'], $one->subjects());
    }

    public function testABatchThatCannotBeWrittenDownBecomesAnAll(): void
    {
        self::assertSame('{"items":[{"type":"All"}]}', Batch::of([['type' => 'Path', 'value' => "/\xff"]])->body);
        self::assertSame('{"items":[{"type":"All"}]}', Batch::of(array_fill(0, 1000, ['type' => 'Path', 'value' => '/' . str_repeat('a', 2000)]))->body);
    }

    private function values(array $items): array
    {
        return array_column($items, 'value');
    }
}
