-- what the slot's views were made of (code and connected systems): while that holds they are not made again. Null: not all stand
alter table ops.slots add column views_hash text;
