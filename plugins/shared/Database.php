<?php

namespace Paradarum\Purge;

/** The site's database. Values take the place of each "?", in order; they are integers or strings. */
interface Database
{
    /** The table's name with the site's prefix. */
    public function table();

    /** @return int Rows that were changed. */
    public function run($sql, array $values);

    /** @return array[] Rows by column. */
    public function rows($sql, array $values);
}
