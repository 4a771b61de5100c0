-- by the price list of the day, written down before the hand-over: a price that changes later changes no past cost.
-- Null: there was no price list, or it was sent before costs were recorded
alter table ops.contacts
    add column cost_amount numeric(24, 6) check (cost_amount >= 0),
    add column cost_currency_code text,
    add check ((cost_amount is null) = (cost_currency_code is null));
