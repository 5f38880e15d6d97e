-- Who is asked next when the first provider takes nothing: planned and priced when it was accepted.

ALTER TABLE jobs ADD COLUMN second TEXT;
