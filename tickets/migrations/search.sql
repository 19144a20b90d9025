-- The words of tickets (docs/adr/0013-searching-tickets.md). The triggers of tickets and answers call these functions.

-- A text's words, without accents: as stems in English and Russian, and as stems in Polish, for which PostgreSQL has no
-- dictionary. Cutting its endings is crude, but crude in the same way for what is searched and what is found. The endings
-- share their beginnings, as what was written out as a list of them took five times as long.
CREATE FUNCTION tickets_polish(words text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(words, '\m([a-z]{3,}?)'
        '(?:i?(?:a|ami|ach|e|ego|emu|ej|em|o|ow|om|u)|(?:i|y)(?:|mi|m|ch)|owi|owie)\M', '\1', 'g')
$$;

-- A text in small letters, without accents and without what takes time by the square of its length: PostgreSQL's parser looks
-- from each character of a run without spaces for the end of an address, and from each "<" for the end of a tag, as the
-- expression above does for a word's. Half a minute for 25,000 times "a_", and nothing in a short text. So runs are broken up,
-- and tags are none. Other spaces than these are none to the parser of some servers.
CREATE FUNCTION tickets_plain(words text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    plain text := translate(lower(unaccent(words)), '<', ' ');
BEGIN
    RETURN CASE WHEN length(plain) < 1000 THEN plain ELSE regexp_replace(plain, '[^ \t\n\r]{255}', '\& ', 'g') END;
END $$;

CREATE FUNCTION tickets_words(words text) RETURNS tsvector LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    plain text := tickets_plain(words);
BEGIN
    -- The configuration named russian takes Latin words for English ones.
    RETURN strip(to_tsvector('pg_catalog.russian', plain) || to_tsvector('pg_catalog.simple', tickets_polish(plain)));
END $$;

-- All words must be there, either as English and Russian or as Polish has it.
CREATE FUNCTION tickets_query(words text) RETURNS tsquery LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    plain text := tickets_plain(words);
BEGIN
    RETURN plainto_tsquery('pg_catalog.russian', plain) || plainto_tsquery('pg_catalog.simple', tickets_polish(plain));
END $$;

-- Two texts' words together. PostgreSQL takes no more than a megabyte of them; nobody shall be kept from answering, so
-- what would be too much is left out.
CREATE FUNCTION tickets_join(a tsvector, b tsvector) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN pg_column_size(strip(a)) + pg_column_size(strip(b)) < 1000000 THEN a || b ELSE a END
$$;

-- A ticket's words: those that its owner may see, and with support's notes.
CREATE FUNCTION tickets_texts(ticket bigint, OUT words tsvector, OUT staff_words tsvector) LANGUAGE plpgsql STABLE AS $$
DECLARE
    said record;
BEGIN
    SELECT tickets_words(t.subject || ' ' || t.message) INTO words FROM tickets_ticket t WHERE t.id = ticket;
    staff_words := words;
    FOR said IN SELECT tickets_words(a.message) AS more, a.internal FROM tickets_answer a WHERE a.ticket_id = ticket ORDER BY a.id
    LOOP
        staff_words := tickets_join(staff_words, said.more);
        IF NOT said.internal THEN words := tickets_join(words, said.more); END IF;
    END LOOP;
END $$;

-- Writes them anew.
CREATE FUNCTION tickets_index(ticket bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)
        SELECT t.id, t.user_id, t.status, t.awaiting, t.assignee_id, x.words, x.staff_words
        FROM tickets_ticket t, tickets_texts(t.id) x WHERE t.id = ticket
        ON CONFLICT (ticket_id) DO UPDATE SET words = EXCLUDED.words, staff_words = EXCLUDED.staff_words
$$;

-- Adds the words of a new answer; `awaited` is what the ticket will say next.
CREATE FUNCTION tickets_index_answer(ticket bigint, awaited text, message text, internal boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    more tsvector := tickets_words(message);
BEGIN
    UPDATE tickets_searchtext SET
        awaiting = awaited,
        words = CASE WHEN internal THEN words ELSE tickets_join(words, more) END,
        staff_words = tickets_join(staff_words, more)
    WHERE ticket_id = ticket;
END $$;

-- The conditions of a search, on tickets_searchtext; the numbers are the places of tickets_search's arguments.
CREATE FUNCTION tickets_search_wish(query tsquery, reader bigint, letter text, awaited text, worker bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT concat_ws(' AND ',
        CASE WHEN reader IS NULL THEN 'staff_words @@ $1' ELSE 'words @@ $1 AND owner = $2' END,
        CASE WHEN letter IS NOT NULL THEN 'status = $3' END,
        CASE WHEN awaited IS NOT NULL THEN 'awaiting = $4' END,
        CASE WHEN worker IS NOT NULL THEN 'assignee = $5' END)
$$;

-- Searches by the index, from the ticket `newest` on, block by block until there is enough, or until `patience` is over:
-- then `stopped` is the oldest ticket that was looked at. The index joins the lists of the block, the words and the filters;
-- a planner that does not know how they meet would rather read whole tables.
CREATE FUNCTION tickets_search_blocks(
    query tsquery, reader bigint, letter text, awaited text, worker bigint, newest bigint, wanted bigint, patience interval,
    OUT hits bigint[], OUT stopped bigint
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off AS $$
DECLARE
    hit record;
    block bigint;
BEGIN
    hits := '{}';
    FOR hit IN EXECUTE 'SELECT b, one.ticket_id FROM generate_series($6 >> 15, 0, -1) AS b LEFT JOIN LATERAL ('
        'SELECT ticket_id FROM tickets_searchtext WHERE block = b AND ticket_id <= $6 AND '
        || tickets_search_wish(query, reader, letter, awaited, worker)
        || ' ORDER BY ticket_id DESC LIMIT $7) AS one ON true'
        -- Before each block but the first: is there time for one more that takes as long as those before?
        ' WHERE b = $6 >> 15 OR $8 IS NULL'
        ' OR (clock_timestamp() - $9) * (1 + 1.0 / nullif(($6 >> 15) - b, 0)) < $8'
        USING query, reader, letter, awaited, worker, newest, wanted, patience, clock_timestamp()
    LOOP
        block := hit.b;
        IF hit.ticket_id IS NOT NULL THEN hits := hits || hit.ticket_id; END IF;
        EXIT WHEN cardinality(hits) >= wanted;
    END LOOP;
    IF cardinality(hits) < wanted AND block > 0 THEN stopped := block << 15; END IF;
END $$;

-- The newest `wanted` tickets that hold the words and were opened before the ticket `before` (null: any), newest first.
-- `reader` is the customer whose tickets to look through; null is support, which looks through all, and through internal
-- notes. `letter`, `awaited` and `worker` are the filters by status, awaiting and assignee; null is any.
--
-- A word that many tickets hold is found among the newest thousand, which are looked through one by one; any other through
-- the index, a block at a time. So no more tickets are read than a thousand and one block's matches, whatever is searched.
-- Where words are frequent and yet never meet, that can take long: after `patience` (null: never) the search may stop, and
-- says so by `stopped`, the ticket before which it is to go on. Otherwise `stopped` is null.
CREATE FUNCTION tickets_search(
    words text, reader bigint, letter text, awaited text, worker bigint, before bigint, wanted bigint, patience interval,
    OUT hits bigint[], OUT stopped bigint
) LANGUAGE plpgsql STABLE SET jit = off AS $$
DECLARE
    query tsquery := tickets_query(words);
    mine text := 'ticket_id < $6' || CASE WHEN reader IS NULL THEN '' ELSE ' AND owner = $2' END;
    newest bigint;
    more bigint[];
BEGIN
    hits := '{}';
    IF numnode(query) = 0 THEN RETURN; END IF;
    before := coalesce(before, 9223372036854775807);
    EXECUTE 'SELECT ARRAY(SELECT ticket_id FROM (SELECT * FROM tickets_searchtext WHERE ' || mine
        || ' ORDER BY ticket_id DESC LIMIT 1000) AS newest WHERE '
        || tickets_search_wish(query, reader, letter, awaited, worker) || ' ORDER BY ticket_id DESC LIMIT $7)'
        INTO hits USING query, reader, letter, awaited, worker, before, wanted;
    IF cardinality(hits) < wanted THEN
        EXECUTE 'SELECT ticket_id FROM tickets_searchtext WHERE ' || mine || ' ORDER BY ticket_id DESC OFFSET 1000 LIMIT 1'
            INTO newest USING query, reader, letter, awaited, worker, before;
        IF newest IS NOT NULL THEN
            SELECT rest.hits, rest.stopped INTO more, stopped FROM tickets_search_blocks(
                query, reader, letter, awaited, worker, newest, wanted - cardinality(hits), patience) AS rest;
            hits := hits || more;
        END IF;
    END IF;
END $$;
