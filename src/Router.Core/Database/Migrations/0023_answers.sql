-- What tells people more about an answer that was no success, and whether an attempt had to make its request twice.
alter table delivery_attempts
    add column response_headers text,       -- 'Name: value', one in a line; Location and the like, of failures only
    add column requests smallint;           -- null for one; 2: the first went over an old connection that broke without an answer
