<?php

use Paradarum\Purge\Secret;
use PHPUnit\Framework\TestCase;

final class SecretTest extends TestCase
{
    private const KEY = 'pdm_abcdefghijklmnopqrstuvwx!@#$';

    public function testWhatIsSealedIsOpenedWithTheSameSecretAndReadableNowhere(): void
    {
        $secret = new Secret('salt of the site');
        $sealed = $secret->seal(self::KEY);
        self::assertSame(self::KEY, $secret->open($sealed));
        self::assertStringNotContainsString('pdm_', $sealed);
        self::assertStringNotContainsString('pdm_', base64_decode(substr($sealed, 3)));
    }

    public function testTheSameKeyIsSealedDifferentlyEachTime(): void
    {
        $secret = new Secret('salt');
        self::assertNotSame($secret->seal(self::KEY), $secret->seal(self::KEY));
    }

    public function testWithAnotherSecretItStaysShut(): void
    {
        self::assertNull((new Secret('other'))->open((new Secret('salt'))->seal(self::KEY)));
    }

    public function testEveryBitThatIsChangedIsSeen(): void
    {
        $secret = new Secret('salt');
        $bytes = base64_decode(substr($secret->seal(self::KEY), 3));
        for ($bit = 0; $bit < 8 * strlen($bytes); $bit++) {
            $changed = $bytes;
            $changed[intdiv($bit, 8)] = chr(ord($changed[intdiv($bit, 8)]) ^ (1 << ($bit % 8)));
            self::assertNull($secret->open('p1:' . base64_encode($changed)), "bit $bit");
        }
    }

    /** @dataProvider nothingSealed */
    public function testWhatIsNothingSealedOpensNothing($value): void
    {
        self::assertNull((new Secret('salt'))->open($value));
    }

    public static function nothingSealed(): array
    {
        return [[''], [null], [false], ['p1:'], ['p1:!!'], ['p1:' . base64_encode(str_repeat('x', 48))], [self::KEY], ['p2:abc']];
    }
}
