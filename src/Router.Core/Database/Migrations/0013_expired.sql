-- What is unfinished when its day's rows are to be dropped is given up, also when it was held ever since and never sent.

-- Not validated: what is there satisfies the stricter one.
alter table deliveries drop constraint outcome_has_an_attempt;
alter table deliveries add constraint outcome_has_an_attempt
    check (state not in ('delivered', 'rejected', 'dead') or attempts > 0 or state = 'dead' and last_error is not distinct from 'expired') not valid;
