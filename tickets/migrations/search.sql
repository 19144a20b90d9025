-- The words of tickets (docs/adr: searching tickets). The triggers of tickets and answers call these functions.

-- A text's words, without accents: as stems in English and Russian, and as stems in Polish, for which PostgreSQL has no
-- dictionary. Cutting its endings is crude, but crude in the same way for what is searched and what is found.
CREATE FUNCTION tickets_polish(words text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(words, '\m([a-z]{3,}?)(iami|ami|iach|ach|iego|ego|iemu|emu|owie|owi|ymi|imi|iej|ej|iow|ow'
        '|iom|om|iem|em|ych|ich|ym|im|ie|ia|iu|io|a|e|i|o|u|y)\M', '\1', 'g')
$$;

CREATE FUNCTION tickets_words(words text) RETURNS tsvector LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    plain text := lower(unaccent(words));
BEGIN
    -- The configuration named russian takes Latin words for English ones.
    RETURN strip(to_tsvector('pg_catalog.russian', plain) || to_tsvector('pg_catalog.simple', tickets_polish(plain)));
END $$;

-- All words must be there, either as English and Russian or as Polish has it.
CREATE FUNCTION tickets_query(words text) RETURNS tsquery LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    plain text := lower(unaccent(words));
BEGIN
    RETURN plainto_tsquery('pg_catalog.russian', plain) || plainto_tsquery('pg_catalog.simple', tickets_polish(plain));
END $$;

-- Two texts' words together. PostgreSQL takes no more than a megabyte of them; nobody shall be kept from answering, so
-- what would be too much is left out.
CREATE FUNCTION tickets_join(a tsvector, b tsvector) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN pg_column_size(strip(a)) + pg_column_size(strip(b)) < 1000000 THEN a || b ELSE a END
$$;

-- Writes a ticket's words anew.
CREATE FUNCTION tickets_index(ticket bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    t tickets_ticket%ROWTYPE;
    said record;
    seen tsvector;
    noted tsvector;
BEGIN
    SELECT * INTO t FROM tickets_ticket WHERE id = ticket;
    seen := tickets_words(t.subject || ' ' || t.message);
    noted := seen;
    FOR said IN SELECT tickets_words(message) AS words, internal FROM tickets_answer WHERE ticket_id = ticket ORDER BY id LOOP
        noted := tickets_join(noted, said.words);
        IF NOT said.internal THEN seen := tickets_join(seen, said.words); END IF;
    END LOOP;
    INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)
        VALUES (t.id, t.user_id, t.status, t.awaiting, t.assignee_id, seen, noted)
        ON CONFLICT (ticket_id) DO UPDATE SET words = EXCLUDED.words, staff_words = EXCLUDED.staff_words;
END $$;

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

-- The newest `wanted` tickets that hold the words and were opened before the ticket `before` (null: any). `reader` is the
-- customer whose tickets to look through; null is support, which looks through all, and through internal notes.
-- `letter`, `awaited` and `worker` are the filters by status, awaiting and assignee; null is any.
--
-- The cost is bounded, whatever is searched. A word that many tickets hold is found among the newest thousand, which are
-- looked through one by one; any other through the index, block by block: no more than a block's matches are ever read.
CREATE FUNCTION tickets_search(
    words text, reader bigint, letter text, awaited text, worker bigint, before bigint, wanted bigint
) RETURNS SETOF bigint LANGUAGE plpgsql STABLE ROWS 50 AS $$
DECLARE
    query tsquery := tickets_query(words);
    mine text := '';
    wish text := '';
    rest bigint;
    found_now bigint;
BEGIN
    IF numnode(query) = 0 THEN RETURN; END IF;
    before := coalesce(before, 9223372036854775807);
    IF reader IS NULL THEN
        wish := ' AND staff_words @@ $2';
    ELSE
        mine := ' AND owner = $3';
        wish := ' AND words @@ $2';
    END IF;
    IF letter IS NOT NULL THEN wish := wish || ' AND status = $4'; END IF;
    IF awaited IS NOT NULL THEN wish := wish || ' AND awaiting = $5'; END IF;
    IF worker IS NOT NULL THEN wish := wish || ' AND assignee = $6'; END IF;

    RETURN QUERY EXECUTE 'SELECT ticket_id FROM (SELECT * FROM tickets_searchtext WHERE ticket_id < $1' || mine ||
        ' ORDER BY ticket_id DESC LIMIT 1000) newest WHERE true' || wish || ' LIMIT $7'
        USING before, query, reader, letter, awaited, worker, wanted;
    GET DIAGNOSTICS found_now = ROW_COUNT;
    IF found_now >= wanted THEN RETURN; END IF;

    EXECUTE 'SELECT ticket_id FROM tickets_searchtext WHERE ticket_id < $1' || mine ||
        ' ORDER BY ticket_id DESC OFFSET 1000 LIMIT 1' INTO rest USING before, query, reader;
    IF rest IS NULL THEN RETURN; END IF;

    RETURN QUERY EXECUTE 'SELECT found.ticket_id FROM generate_series($8 >> 15, 0, -1) AS b, LATERAL ('
        'SELECT ticket_id FROM tickets_searchtext WHERE block = b AND ticket_id <= $8' || mine || wish ||
        ' ORDER BY ticket_id DESC LIMIT $7) AS found LIMIT $7'
        USING before, query, reader, letter, awaited, worker, wanted - found_now, rest;
END $$;
