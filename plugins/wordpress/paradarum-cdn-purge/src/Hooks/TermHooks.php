<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;
use Paradarum\CdnPurge\Routing\PostRoutes;
use Paradarum\CdnPurge\Routing\TermRoutes;

defined('ABSPATH') || exit;

/** Categories, tags and other terms: made, changed, deleted, given to an item and taken from it. */
final class TermHooks
{
    private Recorder $recorder;

    /** @var array<int, \WP_Term> As they were before this request changed them. */
    private array $before = [];

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        add_action('created_term', [$this, 'afterCreate'], 10, 3);
        add_action('edit_terms', [$this, 'beforeEdit'], 10, 2);
        add_action('edited_term', [$this, 'afterEdit'], 10, 3);
        add_action('pre_delete_term', [$this, 'beforeDelete'], 10, 2);
        // delete_term has the term as it was, for whoever deletes without the hook before.
        add_action('delete_term', [$this, 'afterDelete'], 10, 4);
        add_action('set_object_terms', [$this, 'afterAssign'], 10, 6);
    }

    public function afterCreate(int $id, int $termTaxonomyId, string $taxonomy): void
    {
        $this->recorder->awaitTerm($id, $taxonomy);
    }

    /** The old address: after edited_term it is gone. */
    public function beforeEdit(int $id, string $taxonomy): void
    {
        $term = get_term($id, $taxonomy);
        if ($term instanceof \WP_Term) {
            $this->before[$id] = clone $term;
            $this->recorder->takeTerm($term);
            if (is_taxonomy_viewable($taxonomy) && $this->isInPermalinks($taxonomy)) {
                // Old addresses of its posts, as long as they are known; whether they change is not known yet.
                $this->takePosts($term);
            }
        }
    }

    public function afterEdit(int $id, int $termTaxonomyId, string $taxonomy): void
    {
        $this->recorder->awaitTerm($id, $taxonomy);
        $term = get_term($id, $taxonomy);
        $old = $this->before[$id] ?? null;
        $shown = !$term instanceof \WP_Term || $old === null
            || [$old->name, $old->slug, (int) $old->parent] !== [$term->name, $term->slug, (int) $term->parent];
        if ($shown && $term instanceof \WP_Term) {
            // Its posts name it and link to it.
            $this->takePosts($term);
        }
    }

    public function beforeDelete(int $id, string $taxonomy): void
    {
        $term = get_term($id, $taxonomy);
        if ($term instanceof \WP_Term) {
            $this->recorder->takeTerm($term);
            $this->takePosts($term);
        }
    }

    public function afterDelete(int $id, int $termTaxonomyId, string $taxonomy, \WP_Term $deleted): void
    {
        if (is_taxonomy_viewable($taxonomy)) {
            $this->recorder->takeTerm($deleted);
        }
    }

    /**
     * @param array<int|string> $terms
     * @param int[] $now
     * @param int[] $before
     */
    public function afterAssign(int $object, array $terms, array $now, string $taxonomy, bool $append, array $before): void
    {
        $post = get_post($object);
        $gone = array_diff(array_map('intval', $before), $append ? array_map('intval', $before) : array_map('intval', $now));
        $come = array_diff(array_map('intval', $now), array_map('intval', $before));
        if (!$post instanceof \WP_Post || !($gone || $come) || !is_taxonomy_viewable($taxonomy) || !PostRoutes::isVisible($post)) {
            return;
        }
        $this->recorder->awaitPost($object);
        foreach ($gone as $termTaxonomyId) {
            $term = get_term_by('term_taxonomy_id', $termTaxonomyId, $taxonomy);
            if ($term instanceof \WP_Term) {
                (new TermRoutes($this->recorder->routes()))->archive($term);
                $this->takeAddressUnder($post, $term);
            }
        }
    }

    /** Where categories stand in permalinks, a post had its address under the category that it lost. */
    private function takeAddressUnder(\WP_Post $post, \WP_Term $term): void
    {
        if (!$this->isInPermalinks($term->taxonomy)) {
            return;
        }
        $choose = static fn(): \WP_Term => $term;
        add_filter('post_link_category', $choose, PHP_INT_MAX);
        (new PostRoutes($this->recorder->routes()))->item($post);
        remove_filter('post_link_category', $choose, PHP_INT_MAX);
    }

    private function isInPermalinks(string $taxonomy): bool
    {
        $tag = $taxonomy === 'post_tag' ? '%tag%' : "%$taxonomy%";
        return strpos((string) get_option('permalink_structure'), $tag) !== false;
    }

    private function takePosts(\WP_Term $term): void
    {
        if (!is_taxonomy_viewable($term->taxonomy)) {
            return;
        }
        $most = $this->recorder->threshold();
        $posts = get_posts([
            'post_type' => 'any',
            'post_status' => 'publish',
            'numberposts' => $most + 1,
            'tax_query' => [['taxonomy' => $term->taxonomy, 'terms' => [$term->term_id]]],
        ]);
        if (count($posts) > $most) {
            $this->recorder->routes()->everything();
            return;
        }
        foreach ($posts as $post) {
            if ($this->recorder->routes()->count() > 2 * $most + 20) {
                $this->recorder->routes()->everything();
                return;
            }
            $this->recorder->takePost($post);
        }
    }
}
