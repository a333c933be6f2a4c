<?php

// Whether every file of some folders can be read by PHP 5.6: no PHP that old is obtainable, so its grammar is asked
// (Debian's php-nikic-php-parser), and what that grammar takes for class names is looked at: php56.php DIR...

require_once '/usr/share/php/PhpParser/autoload.php';

use PhpParser\Node;
use PhpParser\NodeTraverser;
use PhpParser\NodeVisitorAbstract;
use PhpParser\ParserFactory;

/** Types and functions that came with PHP 7 and parse as names before it. */
final class TooNew extends NodeVisitorAbstract
{
    private const TYPES = ['int', 'float', 'string', 'bool', 'void', 'iterable', 'object', 'mixed'];
    private const FUNCTIONS = ['random_bytes', 'random_int', 'intdiv', 'hash_hkdf', 'array_key_first', 'array_key_last', 'is_iterable', 'str_contains', 'str_starts_with', 'str_ends_with', 'is_countable'];

    /** @var string[] */
    public array $found = [];

    public function enterNode(Node $node)
    {
        if ($node instanceof Node\Param && $node->type instanceof Node\Name && in_array($node->type->toLowerString(), self::TYPES, true)) {
            $this->found[] = "line {$node->getLine()}: a parameter of the type {$node->type}";
        }
        if ($node instanceof Node\FunctionLike && $node->getReturnType() !== null) {
            $this->found[] = "line {$node->getLine()}: a return type";
        }
        if ($node instanceof Node\Expr\FuncCall && $node->name instanceof Node\Name && in_array($node->name->toLowerString(), self::FUNCTIONS, true)) {
            $this->found[] = "line {$node->getLine()}: {$node->name}()";
        }
        if ($node instanceof Node\Expr\BinaryOp\Coalesce || $node instanceof Node\Expr\BinaryOp\Spaceship) {
            $this->found[] = "line {$node->getLine()}: {$node->getOperatorSigil()}";
        }
        if ($node instanceof Node\Stmt\ClassConst && $node->flags !== 0) {
            $this->found[] = "line {$node->getLine()}: a constant with visibility";
        }
        if ($node instanceof Node\Stmt\GroupUse) {
            $this->found[] = "line {$node->getLine()}: several names in one use";
        }
        if ($node instanceof Node\Stmt\Property && $node->type !== null) {
            $this->found[] = "line {$node->getLine()}: a property with a type";
        }
        if ($node instanceof Node\Expr\Assign && $node->var instanceof Node\Expr\Array_) {
            $this->found[] = "line {$node->getLine()}: [...] = ...";
        }
        if ($node instanceof Node\Stmt\Class_ && $node->name === null) {
            $this->found[] = "line {$node->getLine()}: a class without a name";
        }
        return null;
    }
}

/** @return string[] What is too new in a text. */
function newerThanPhp56(string $code): array
{
    try {
        $tree = (new ParserFactory())->create(ParserFactory::ONLY_PHP5)->parse($code);
    } catch (PhpParser\Error $error) {
        return [$error->getMessage()];
    }
    $visitor = new TooNew();
    $traverser = new NodeTraverser();
    $traverser->addVisitor($visitor);
    $traverser->traverse($tree);
    return $visitor->found;
}

$newer = [
    'function f(int $a) {}', 'function f(): array {}', '$a ?? 1;', '$a <=> 1;', 'class A { private const B = 1; }', 'new class {};', 'random_bytes(1);', 'fn() => 1;', 'class A { public int $b; }',
    'use A\{B, C};', '[$a, $b] = $c;',
];
foreach ($newer as $code) {
    if (newerThanPhp56("<?php $code") === []) {
        fwrite(STDERR, "This check lets through: $code\n");
        exit(1);
    }
}
$checked = 0;
$failed = false;
foreach (array_slice($argv, 1) as $folder) {
    foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS)) as $file) {
        if ($file->getExtension() !== 'php') {
            continue;
        }
        $checked++;
        foreach (newerThanPhp56(file_get_contents($file->getPathname())) as $problem) {
            echo "{$file->getPathname()}: $problem\n";
            $failed = true;
        }
    }
}
echo "$checked files in words of PHP 5.6\n";
exit($failed || $checked === 0 ? 1 : 0);
